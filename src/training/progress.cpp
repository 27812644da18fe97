// SPDX-License-Identifier: BSD-3-Clause
#include "training/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "arrays/format.hpp"

namespace xtape::training {
namespace {

using namespace std::chrono_literals;

// Fast enough to look alive, and so rare that drawing costs nothing.
constexpr auto time_between_draws = 100ms;
constexpr std::size_t bar_width = 24;
constexpr const char* to_start_of_cleared_line = "\r\x1b[K";

// "r_squared" as "r squared"
std::string in_words(std::string name) {
  std::ranges::replace(name, '_', ' ');
  return name;
}

}  // namespace

Progress::Progress(std::FILE* stream, std::size_t epochs)
    : stream_(stream),
      epochs_(epochs),
      epoch_digits_(static_cast<int>(fmt::formatted_size("{}", epochs))),
      is_terminal_(stream != nullptr && ::isatty(::fileno(stream)) != 0) {}

void Progress::on_resumption(std::size_t epochs_done) {
  if (stream_ != nullptr) show(fmt::format("resumed after epoch {}\n", epochs_done));
}

void Progress::on_changes(const std::string& differences) {
  if (stream_ != nullptr) show(fmt::format("resumed with changes:{}\n", differences));
}

void Progress::on_damaged_checkpoint(const std::string& reason) {
  if (stream_ != nullptr) show(fmt::format("passed over a damaged checkpoint: {}\n", reason));
}

void Progress::on_batch(const Batch& batch, const Tally& so_far) {
  if (!is_terminal_) return;
  const Clock::time_point now = Clock::now();
  if (now - drawn_ < time_between_draws) return;
  drawn_ = now;
  // Formatted in place: a step takes no heap memory.
  std::array<char, 256> line;
  std::size_t length = 0;
  const auto append = [&]<class... Values>(fmt::format_string<const Values&...> format,
                                           const Values&... values) {
    const std::size_t room = line.size() - length;
    length += std::min(room, fmt::format_to_n(line.data() + length, room, format, values...).size);
  };
  append("{}epoch {:{}}/{} ", to_start_of_cleared_line, batch.epoch, epoch_digits_, epochs_);
  if (batch.number > batch.count) {  // of a stream that is longer than is known
    append("batch {}", batch.number);
  } else {
    const std::size_t filled = bar_width * batch.number / batch.count;
    append("[{:=<{}}{:<{}}] {:3}%", "", filled, "", bar_width - filled, 100 * batch.number / batch.count);
  }
  append("  loss {:.4f}", so_far.loss());
  if (!std::isnan(so_far.accuracy())) append("  accuracy {:.4f}", so_far.accuracy());
  show({line.data(), length});
}

void Progress::on_epoch(const Epoch& epoch, const std::vector<std::string>& metric_names) {
  if (stream_ == nullptr) return;
  std::string line = is_terminal_ ? to_start_of_cleared_line : "";
  const auto end = std::back_inserter(line);
  fmt::format_to(end, "epoch {:{}}/{}  loss {:.4f}", epoch.number, epoch_digits_, epochs_,
                 epoch.training_loss);
  if (!std::isnan(epoch.training_accuracy)) fmt::format_to(end, "  accuracy {:.4f}", epoch.training_accuracy);
  if (!std::isnan(epoch.validation_loss)) {
    fmt::format_to(end, "  validation loss {:.4f}", epoch.validation_loss);
    if (!std::isnan(epoch.validation_accuracy)) {
      fmt::format_to(end, "  accuracy {:.4f}", epoch.validation_accuracy);
    }
    if (!metric_names.empty()) {
      fmt::format_to(end, "  {} {:.4f}", in_words(metric_names.front()), epoch.validation_metrics.front());
    }
  }
  if (epoch.skipped_batches > 0) {
    fmt::format_to(end, "  {} batches without labels passed over", epoch.skipped_batches);
  }
  fmt::format_to(end, "  learning rate {:.3g}  {:.1f} s\n", epoch.learning_rate, epoch.seconds);
  show(line);
}

// What the stream does not take is lost: a pipe that nobody reads any more is no reason to end a training.
void Progress::show(std::string_view text) {
  static_cast<void>(std::fwrite(text.data(), 1, text.size(), stream_));
  std::fflush(stream_);
}

}  // namespace xtape::training
