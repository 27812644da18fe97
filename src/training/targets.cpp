// SPDX-License-Identifier: BSD-3-Clause
#include "xtape/training/targets.hpp"

#include "arrays/format.hpp"

#pragma GCC visibility push(default)
namespace xtape::training {

const char* to_string(TargetKind kind) noexcept {
  switch (kind) {
    case TargetKind::class_indices:
      return "class_indices";
    case TargetKind::soft_labels:
      return "soft_labels";
    case TargetKind::multilabel:
      return "multilabel";
    case TargetKind::binary:
      return "binary";
    case TargetKind::numbers:
      break;
  }
  return "numbers";
}

template <class T>
void BatchTargets<T>::throw_other_kind(const char* wanted) const {
  fail<ArgumentError>(
      "BatchTargets::{}: the targets must be {}, got {}; take a loss for these, or name the targets by what "
      "they are",
      wanted, kind_ == TargetKind::class_indices ? "others than class indices" : "class indices",
      to_string(kind_));
}

template class BatchTargets<float>;
template class BatchTargets<double>;

}  // namespace xtape::training
#pragma GCC visibility pop
