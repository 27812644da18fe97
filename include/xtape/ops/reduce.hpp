// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/autograd/variable.hpp"
#include "xtape/ops/axes.hpp"

#pragma GCC visibility push(default)
namespace xtape {

/// @name Reductions
/// sum(x) reduces over all axes to a scalar; sum(x, 1) and sum(x, {0, -1}) over some. Reduced axes
/// disappear, or stay with extent 1: sum(x, 1, keep_dims). All throw ArgumentError for an axis that x does
/// not have or that is named twice. Floats are summed in double, doubles with compensation, and rounded once.
/// @{

/// The sum; 0 over no elements.
template <class T>
Variable<T> sum(Variable<T> x, Axes axes = {}, KeepDims keep = KeepDims::no);

/// The arithmetic mean; NaN over no elements.
template <class T>
Variable<T> mean(Variable<T> x, Axes axes = {}, KeepDims keep = KeepDims::no);

/// The largest element; NaN if one is NaN. Elements that share the largest value share its gradient equally.
/// @throws ShapeError  there are no elements to choose from.
template <class T>
Variable<T> max(Variable<T> x, Axes axes = {}, KeepDims keep = KeepDims::no);

/// The logarithm of a sum of exponentials, computed from the first largest element m, so that it neither
/// overflows nor loses the small terms; -inf over no elements:
///
/// @f[ \log \sum_j \exp(x_j) = m + \mathrm{log1p} \sum_{j \ne k} \exp(x_j - m), \quad m = x_k @f]
///
/// Its gradient is softmax(x).
template <class T>
Variable<T> log_sum_exp(Variable<T> x, Axes axes = {}, KeepDims keep = KeepDims::no);

/// @}

}  // namespace xtape
#pragma GCC visibility pop
