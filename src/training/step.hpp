// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "arrays/format.hpp"
#include "autograd/gradient_access.hpp"
#include "autograd/gradient_origin.hpp"
#include "kernels/elementwise_kernels.hpp"
#include "kernels/kernel.hpp"
#include "threads/thread_pool.hpp"
#include "training/loaded_rows.hpp"
#include "training/objective.hpp"
#include "training/shard_plan.hpp"
#include "training/task.hpp"
#include "xtape/autograd/gradients.hpp"
#include "xtape/autograd/shard.hpp"
#include "xtape/autograd/tape.hpp"
#include "xtape/distributed/ordered_sum.hpp"
#include "xtape/ops/arithmetic.hpp"

namespace xtape::training {

// Loss and gradients of a batch, which is cut into a given number of shards. Each has a tape of its own, so
// that threads compute them at once; gradients are added in an order that depends on their number alone. Of
// several ranks each computes its own shards, and all get the sum.
template <class T>
class Step {
 public:
  Step(const Objective<T>& objective, const std::vector<Parameter<T>*>& parameters, const ShardPlan& plan)
      : objective_(objective), parameters_(parameters), plan_(plan) {
    for (std::size_t s = 0; s < plan.count; ++s) parts_.push_back(std::make_unique<Part>(parameters));
    if (plan.communicator != nullptr && plan.is_fixed) {
      ordered_sum_.emplace(*plan.communicator, plan.count, parts_[0]->gradients.flat().size());
    }
  }

  // Computes the loss of a batch, of which `rows` are those of this rank, or all. Several shards draw from
  // random numbers of their own, seeded by `seed` and those that follow it; a single one has no shard, and
  // its layers draw from what they have.
  void forward(const LoadedRows<T>& rows, bool checks_logits, std::uint64_t seed) {
    parallel_for(plan_.count, [&](std::size_t s) {
      Part& part = *parts_[s];
      const std::size_t shard = plan_.first + s;
      part.tape.check_logits(checks_logits);
      if (plan_.all > 1) part.begin_shard(Random(seed + shard));
      part.frame.emplace(part.tape);
      const auto [begin, end] = plan_.range_of(shard, rows);
      compute(part, rows, begin, end);
    });
    if (rows.count() > 0) objective_.require_use_of_weights(rows);
    add_up();
  }

  // Adds the gradients of the loss to those of the parameters.
  void backward() {
    if (plan_.all == 1) return parts_[0]->loss->backward();
    parallel_for(plan_.count, [&](std::size_t s) {
      Part& part = *parts_[s];
      const double share = share_of(part.result);
      if (!(share > 0)) return;
      const Variable<T> loss = *part.loss * static_cast<T>(share);
      if (plan_.communicator == nullptr && s == 0) {
        loss.backward();  // Those of the parameters themselves, to which the others are added.
      } else {
        loss.backward(part.gradients);
      }
    });
    add_gradients();
    merge_states();
  }

  // Releases what was recorded.
  void end() noexcept {
    for (const auto& part : parts_) part->frame.reset();
  }

  double loss() const { return loss_; }
  // Of the rows of all shards; 0 where none counts.
  const LossDivisor& divisor() const { return divisor_; }
  const Judged& judged() const { return judged_; }

  // After a backward: the operation whose gradient is not finite though what it gets is; null: none is known.
  const char* origin_of_not_finite_gradient() {
    for (const auto& part : parts_) {
      if (!(share_of(part->result) > 0)) continue;
      part->tape.keep_gradients();
      part->loss->backward(part->gradients);
      const char* const origin = detail::origin_of_not_finite_gradient(*part->loss, part->gradients);
      part->tape.keep_gradients(false);
      part->gradients.zero();
      if (origin != nullptr) return origin;
    }
    return nullptr;
  }

 private:
  // What a shard tells of itself, as numbers that ranks add up.
  struct Result {
    double loss = 0;
    double divisor = 0;  // 0 for no rows
    double is_sum = 0;   // 1 where the divisor does not grow with the samples
    double judged = 0, right = 0;
    double put_off = 0;  // elements of states
  };
  static constexpr std::size_t numbers_of_result = sizeof(Result) / sizeof(double);

  struct Part {
    explicit Part(const std::vector<Parameter<T>*>& parameters) : gradients(parameters) {
      tape.keep_gradients(false);
    }

    void begin_shard(const Random& random) {
      shard.random = random;
      shard.clear();
      tape.set_shard(&shard);
    }

    Tape<T> tape;
    Shard<T> shard;
    Gradients<T> gradients;  // The first shard adds to those of the parameters.
    std::optional<typename Tape<T>::Frame> frame;
    std::optional<Variable<T>> loss;
    Result result;
  };

  void compute(Part& part, const LoadedRows<T>& rows, std::size_t begin, std::size_t end) {
    part.result = {};
    if (begin == end) return;
    const BatchTargets<T> targets = rows.targets(begin, end);
    const Variable<T> outputs = objective_.outputs(part.tape, rows.features(begin, end), targets);
    part.loss = objective_.loss(outputs, targets);
    // One that does not tell counts as a mean over rows.
    const LossDivisor divisor =
        part.tape.loss_divisor().value_or(LossDivisor{static_cast<double>(end - begin), true});
    const Judged judged = objective_.task().judge(outputs.values(), targets);
    part.result = {.loss = static_cast<double>(part.loss->item()),
                   .divisor = divisor.value,
                   .is_sum = divisor.grows_with_samples ? 0.0 : 1.0,
                   .judged = static_cast<double>(judged.rows),
                   .right = static_cast<double>(judged.right),
                   .put_off = static_cast<double>(part.shard.elements_put_off())};
  }

  // What the loss of a shard counts in that of the batch: a mean by its divisor, a sum in full.
  double share_of(const Result& result) const {
    if (result.divisor == 0) return 0;
    return divisor_.grows_with_samples ? result.divisor / divisor_.value : 1;
  }

  void add_up() {
    results_.assign(plan_.all, Result{});
    for (std::size_t s = 0; s < plan_.count; ++s) results_[plan_.first + s] = parts_[s]->result;
    if (plan_.communicator != nullptr) {  // the others' are 0, so that sums are exact
      plan_.communicator->sum(std::span(&results_[0].loss, plan_.all * numbers_of_result));
    }
    divisor_ = {0, true};
    judged_ = {};
    for (const Result& result : results_) {
      divisor_.value += result.divisor;
      divisor_.grows_with_samples &= result.is_sum == 0;
      judged_.rows += static_cast<std::size_t>(result.judged);
      judged_.right += static_cast<std::size_t>(result.right);
    }
    loss_ = 0;
    for (const Result& result : results_) {
      const double share = share_of(result);
      if (share > 0) loss_ += share * result.loss;
    }
  }

  void add_gradients() {
    if (plan_.communicator == nullptr) {
      add_gradients_of_shards();
    } else {
      add_gradients_of_ranks();
      parts_[0]->gradients.add_to(parameters_);
      for (std::size_t s = 1; s < plan_.count; ++s) parts_[s]->gradients.zero();
    }
  }

  // To those of the first shard of this rank.
  void add_gradients_of_ranks() {
    const ArrayView<T> sum = parts_[0]->gradients.flat();
    if (!ordered_sum_) return plan_.communicator->sum(std::span(sum.data(), sum.size()));
    for (const auto& part : parts_) {
      const ArrayView<const T> gradients = part->gradients.flat();
      ordered_sum_->add(std::span(gradients.data(), gradients.size()));
    }
    ordered_sum_->finish(std::span(sum.data(), sum.size()));
  }

  // What the shards that have rows have put off, of all ranks, in the order of the shards.
  void merge_states() {
    std::size_t merging = 0, merged = 0;
    for (const Result& result : results_) merging += result.put_off > 0;
    if (merging == 0) return;
    if (merging < plan_.all && !has_merged_) {  // A rank without rows would not know of whom to merge.
      fail<ArgumentError>(
          "train: the first batch must have a row for each of {} shards, since layers keep statistics, got "
          "rows "
          "for {}; take fewer shards",
          plan_.all, merging);
    }
    has_merged_ = true;
    const auto elements = static_cast<std::size_t>(std::ranges::max(results_, {}, &Result::put_off).put_off);
    put_off_.assign(plan_.all * elements, T{0});
    for (std::size_t s = 0; s < plan_.count; ++s) {
      if (parts_[s]->result.put_off > 0) {
        const auto states = parts_[s]->shard.write_put_off(put_off_.data() + (plan_.first + s) * elements);
        states_.assign(states.begin(), states.end());
      }
    }
    if (plan_.communicator != nullptr) plan_.communicator->sum(std::span(put_off_));
    for (std::size_t shard = 0; shard < plan_.all; ++shard) {
      if (!(results_[shard].put_off > 0)) continue;
      const T* values = put_off_.data() + shard * elements;
      ++merged;
      for (const auto& [state, shape] : states_) {
        state->merge({values, shape}, merged, merging);
        values += shape.elements();
      }
    }
  }

  // The threads are awake, so that little is worth their help.
  void add_gradients_of_shards() {
    const auto is_sparse = [this](std::size_t p) { return parameters_[p]->has_sparse_gradient(); };
    for (std::size_t p = 0; p < parameters_.size(); ++p) {
      if (is_sparse(p)) {
        for_each_pair(
            [&](std::size_t s, std::size_t other) { gradient_of(s, p).add(gradient_of(other, p)); });
      } else {
        for (std::size_t s = 0; s < parts_.size(); ++s) gradient_of(s, p).open();
      }
    }
    parallel_for_arrays(
        parameters_.size(), exponentials_per_block,
        [&](std::size_t p) { return is_sparse(p) ? 0 : parameters_[p]->size(); },
        [this](std::size_t p, std::size_t begin, std::size_t end) {
          for_each_pair([&](std::size_t s, std::size_t other) {
            T* const to = gradient_of(s, p).open().data() + begin;
            kernels::kernel<kernels::Binary<kernels::Add>, T>()(
                to, true, gradient_of(other, p).data() + begin, true, to, end - begin);
          });
        });
    for (std::size_t s = 1; s < parts_.size(); ++s) parts_[s]->gradients.zero();
  }

  // Calls work(s, other) for each addition of a shard's gradients to another's, in a balanced binary tree.
  template <class Work>
  void for_each_pair(Work work) const {
    for (std::size_t half = 1; half < parts_.size(); half *= 2) {
      for (std::size_t s = 0; s + half < parts_.size(); s += 2 * half) work(s, s + half);
    }
  }

  detail::GradientMemory<T>& gradient_of(std::size_t shard, std::size_t parameter) {
    using Access = detail::GradientAccess<T>;
    return shard == 0 ? Access::of(*parameters_[parameter]) : Access::of(parts_[shard]->gradients, parameter);
  }

  const Objective<T>& objective_;
  const std::vector<Parameter<T>*>& parameters_;
  ShardPlan plan_;
  std::vector<std::unique_ptr<Part>> parts_;  // the shards of this rank
  std::optional<distributed::OrderedSum<T>> ordered_sum_;
  std::vector<Result> results_;                   // of all shards
  std::vector<T> put_off_;                        // likewise
  std::vector<typename Shard<T>::State> states_;  // of the layers, as every shard that has rows lists them
  bool has_merged_ = false;
  double loss_ = 0;
  LossDivisor divisor_{};
  Judged judged_;
};

}  // namespace xtape::training
