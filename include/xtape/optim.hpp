// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "xtape/optim/adagrad.hpp"
#include "xtape/optim/adam.hpp"
#include "xtape/optim/clip_gradients.hpp"
#include "xtape/optim/curves.hpp"
#include "xtape/optim/early_stopping.hpp"
#include "xtape/optim/learning_rates.hpp"
#include "xtape/optim/lion.hpp"
#include "xtape/optim/mode.hpp"
#include "xtape/optim/optimizer.hpp"
#include "xtape/optim/reduce_on_plateau.hpp"
#include "xtape/optim/rmsprop.hpp"
#include "xtape/optim/schedule.hpp"
#include "xtape/optim/sgd.hpp"
#include "xtape/optim/weight_average.hpp"
