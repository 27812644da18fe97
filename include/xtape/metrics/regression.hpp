// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/metrics/estimate.hpp"
#include "xtape/metrics/numbers.hpp"

#pragma GCC visibility push(default)
namespace xtape::metrics {

/// The mean of the squared errors. Of several outputs the mean over all of them; the standard error takes the
/// rows for independent, not the outputs of one row. With the error @f$ e_{rj} @f$ of output j in row r:
///
/// @f[ \frac{1}{n} \sum_r \frac{1}{m} \sum_j e_{rj}^2 @f]
///
///     const metrics::Estimate error = metrics::mean_squared_error(model(inputs), prices);
///     fmt::print("{} +- {}\n", error.value, error.standard_error);
///
/// Differences are taken in double and their sums are compensated. An infinite error makes the mean infinite.
///
/// @param outputs  (rows), or (rows, outputs) with at least one output
/// @param targets  of the same shape
/// @return         in squared units of the targets; NaN for no rows.
/// @throws ShapeError     outputs have another shape, or targets another than they.
/// @throws ArgumentError  an output or a target is NaN.
///
/// Source: sklearn.metrics.mean_squared_error.
Estimate mean_squared_error(Numbers outputs, Numbers targets);

/// The root of the mean squared error of each output, and of several outputs the mean of their roots: not the
/// root of the mean, which is that of mean_squared_error's value.
///
/// @f[ \frac{1}{m} \sum_j \sqrt{\frac{1}{n} \sum_r e_{rj}^2} @f]
///
/// The standard error is that of the mean over the rows of what the root is to first order (the delta
/// method): with several outputs their covariances count.
///
/// @return  in units of the targets; NaN for no rows. Arguments and errors are those of mean_squared_error.
///
/// Source: sklearn.metrics.mean_squared_error with squared=False, now root_mean_squared_error.
Estimate root_mean_squared_error(Numbers outputs, Numbers targets);

/// The mean of the absolute errors; of several outputs the mean over all of them.
///
/// @f[ \frac{1}{n} \sum_r \frac{1}{m} \sum_j |e_{rj}| @f]
///
/// @return  in units of the targets; NaN for no rows. Arguments and errors are those of mean_squared_error.
///
/// Source: sklearn.metrics.mean_absolute_error.
Estimate mean_absolute_error(Numbers outputs, Numbers targets);

/// The coefficient of determination: 1 for outputs that are right, 0 for ones as good as the mean of the
/// targets, below that for worse ones. Of several outputs the mean of theirs, each with the mean
/// @f$ \bar{y}_j @f$ of its own targets.
///
/// @f[ R_j^2 = 1 - \frac{\sum_r e_{rj}^2}{\sum_r (y_{rj} - \bar{y}_j)^2} @f]
///
/// An output whose targets are all the same counts 1 if all its errors are 0, and else 0.
///
///     const double explained = metrics::r_squared(model(inputs), prices);
///
/// @return  at most 1; NaN for fewer than two rows. Arguments and errors are those of mean_squared_error.
///
/// Source: sklearn.metrics.r2_score.
double r_squared(Numbers outputs, Numbers targets);

/// The same as r_squared, but for errors less their mean: of outputs that are all off by one amount it is 1.
///
/// @f[ 1 - \frac{\sum_r (e_{rj} - \bar{e}_j)^2}{\sum_r (y_{rj} - \bar{y}_j)^2} @f]
///
/// An output whose targets are all the same counts 1 if all its errors are the same too, and else 0.
///
/// @return  at most 1; NaN for fewer than two rows. Arguments and errors are those of mean_squared_error.
///
/// Source: sklearn.metrics.explained_variance_score.
double explained_variance(Numbers outputs, Numbers targets);

}  // namespace xtape::metrics
#pragma GCC visibility pop
