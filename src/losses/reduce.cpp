// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/losses/reduce.hpp"

#include "losses/loss_recording.hpp"

#pragma GCC visibility push(default)
namespace xtape::losses {

template <class T>
Variable<T> reduce(Variable<T> losses, const ReduceOptions& options) {
  LossRecording<T> recording("reduce", SampleLayout::elements(losses.shape()), losses);
  recording.weigh(options.sample_weights);
  recording.leave_out(options.mask);
  return recording.finish(options.reduction, [](const SampleBlock<T>& block) {
    write_one_by_one(block, [](const Sample<T>& sample) {
      if (sample.gradient != nullptr) *sample.gradient = 1;
      return static_cast<double>(*sample.x);
    });
  });
}

template Variable<float> reduce(Variable<float>, const ReduceOptions&);
template Variable<double> reduce(Variable<double>, const ReduceOptions&);

}  // namespace xtape::losses
#pragma GCC visibility pop
