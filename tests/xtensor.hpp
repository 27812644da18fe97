// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// The parts of xtensor that only tests need. Its headers moved into folders in version 0.26.
#if __has_include(<xtensor/containers/xarray.hpp>)
#include <xtensor/core/xmath.hpp>
#include <xtensor/generators/xbuilder.hpp>
#include <xtensor/views/xview.hpp>
#else
#include <xtensor/xbuilder.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xview.hpp>
#endif
