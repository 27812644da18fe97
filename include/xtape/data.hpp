// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/data/augmentation.hpp"
#include "xtape/data/balanced_batches.hpp"
#include "xtape/data/batches.hpp"
#include "xtape/data/column_transform.hpp"
#include "xtape/data/csv.hpp"
#include "xtape/data/csv_rows.hpp"
#include "xtape/data/csv_stream.hpp"
#include "xtape/data/idx.hpp"
#include "xtape/data/mapped_array.hpp"
#include "xtape/data/mean_imputer.hpp"
#include "xtape/data/npy.hpp"
#include "xtape/data/row_stream.hpp"
#include "xtape/data/rows.hpp"
#include "xtape/data/split.hpp"
#include "xtape/data/standardizer.hpp"
