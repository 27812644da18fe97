// SPDX-License-Identifier: BSD-3-Clause
// Two half-moons that no straight line divides, and the network that divides them. Look at the picture: o and
// x are points to learn from, and the shade is how sure the network is of x, from none to full. The border
// between is where it changes its mind.
#include <fmt/core.h>

#include <cmath>

#include "xtape/xtape.hpp"

using namespace xtape;

struct Points {
  Array<float> coordinates;  // (rows, 2)
  Array<std::int64_t> moons;
};

Points half_moons(std::size_t count, double noise, Random& random) {
  Points points{Array<float>(Shape{count, 2}), Array<std::int64_t>(Shape{count})};
  for (std::size_t i = 0; i < count; ++i) {
    const bool lower = i % 2 == 1;
    const double angle = random.uniform(0, std::acos(-1.0));
    const double x = lower ? 1 - std::cos(angle) : std::cos(angle);
    const double y = lower ? 0.5 - std::sin(angle) : std::sin(angle);
    points.coordinates[2 * i] = static_cast<float>(x + noise * random.normal());
    points.coordinates[2 * i + 1] = static_cast<float>(y + noise * random.normal());
    points.moons[i] = lower;
  }
  return points;
}

void draw(nn::Module<float>& model, const Points& points) {
  constexpr std::size_t columns = 78, rows = 26;
  constexpr double left = -1.5, top = 1.4, width = 4, height = 2.6;
  Array<float> places(Shape{rows * columns, 2});
  for (std::size_t i = 0; i < rows * columns; ++i) {
    places[2 * i] = static_cast<float>(left + width * (static_cast<double>(i % columns) + 0.5) / columns);
    places[2 * i + 1] = static_cast<float>(top - height * (static_cast<double>(i / columns) + 0.5) / rows);
  }
  Tape<float> tape;
  const auto chances = softmax(model(tape.borrow(places)));

  std::vector<const char*> picture;
  for (std::size_t i = 0; i < rows * columns; ++i) {
    constexpr const char* shades[] = {" ", "░", "▒", "▓", "█"};
    picture.push_back(shades[std::min(4, static_cast<int>(chances.values()[2 * i + 1] * 5))]);
  }
  for (std::size_t i = 0; i < points.moons.size(); ++i) {
    const double x = (points.coordinates[2 * i] - left) / width,
                 y = (top - points.coordinates[2 * i + 1]) / height;
    if (x < 0 || x >= 1 || y < 0 || y >= 1) continue;
    picture[static_cast<std::size_t>(y * rows) * columns + static_cast<std::size_t>(x * columns)] =
        points.moons[i] == 1 ? "x" : "o";
  }
  for (std::size_t i = 0; i < picture.size(); ++i)
    fmt::print("{}{}", picture[i], i % columns + 1 == columns ? "\n" : "");
}

int main() {
  Random random(1);
  const Points seen = half_moons(200, 0.15, random), fresh = half_moons(2000, 0.15, random);
  nn::Sequential<float> model;
  model.add<nn::Linear>(2, 32, random).add<nn::Relu>().add<nn::Linear>(32, 32, random).add<nn::Relu>();
  model.add<nn::Linear>(32, 2, random);

  optim::AdamW<float> optimizer(model.parameters(), {.learning_rate = 0.01});
  Tape<float> tape;
  for (int step = 1; step <= 400; ++step) {
    auto frame = tape.frame();
    const auto loss = losses::softmax_cross_entropy(model(tape.borrow(seen.coordinates)), seen.moons);
    loss.backward();
    optimizer.step();
    optimizer.zero_grad();
    if (step % 100 == 0) fmt::print("step {}  loss {:.4f}\n", step, loss.item());
  }
  draw(model, seen);
  const auto predicted = metrics::predicted_classes(model(tape.borrow(fresh.coordinates)));
  const auto accuracy = metrics::accuracy(predicted, fresh.moons);
  fmt::print("accuracy on {} fresh points {:.3f} +- {:.3f}\n", accuracy.count, accuracy.value,
             accuracy.standard_error);
}
