// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <tuple>

#include "matchers.hpp"

using namespace xtape;
using namespace xtape::testing;

namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

void sleep_ms(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

/// The row of that name; one that no profile has, if there is none or more than one.
ProfileRow row(const ProfileReport& report, const std::string& operation) {
  const ProfileRow none{.operation = "none", .calls = 999};
  const ProfileRow* found = nullptr;
  for (const ProfileRow& candidate : report.rows) {
    if (candidate.operation != operation) continue;
    if (found != nullptr) return none;
    found = &candidate;
  }
  return found == nullptr ? none : *found;
}

template <class T>
std::vector<std::string> names(const Tape<T>& tape) {
  std::vector<std::string> result;
  for (const ProfileRow& candidate : tape.profile_report().rows) result.push_back(candidate.operation);
  std::ranges::sort(result);
  return result;
}

double sum_of_ms(const ProfileReport& report) {
  double sum = 0;
  for (const ProfileRow& each : report.rows) sum += each.forward_ms + each.backward_ms;
  return sum;
}

// x, slowly; `inside` is called while it is recorded.
template <class Inside>
Variable<double> slow(const char* name, Variable<double> x, int forward_ms, int backward_ms, Inside inside) {
  Recording<double> op(name, {x});
  std::ranges::copy(x.values(), op.output(x.shape()).begin());
  sleep_ms(forward_ms);
  inside();
  return op.finish([backward_ms](Backward<double>& b) {
    sleep_ms(backward_ms);
    b.pass_on(0, b.output_grad());
  });
}

// Records nothing after all.
void fail_while_recording(Variable<double> x) {
  Recording<double> op("fails", {x});
  op.output({1000});
  throw std::runtime_error("too late");
}

}  // namespace

TEST_CASE("a tape is not profiled unless told so", "[autograd][profile]") {
  Tape<double> tape;
  CHECK_FALSE(tape.profiles());
  square(tape.variable(2)).backward();
  CHECK(tape.profile_report().rows.empty());
  tape.reset_profile();
  tape.profile(false);
  CHECK(tape.profile_report().rows.empty());
  tape.profile();
  CHECK(tape.profiles());
  CHECK(tape.profile_report().rows.empty());
}

TEMPLATE_TEST_CASE("a profile counts calls and bytes exactly, over all frames", "[autograd][profile]", float,
                   double) {
  Tape<TestType> tape;
  tape.profile();
  Parameter<TestType> weight("weight", Shape{3, 4});
  const Array<TestType> features(Shape{5, 3});
  constexpr std::size_t steps = 3;
  for (std::size_t step = 0; step < steps; ++step) {
    const auto frame = tape.frame();
    const auto logits = matmul(tape.borrow(features), tape.watch(weight));
    const auto y = tanh(tanh(reshape(logits, {20}))) * tape.constant(2);
    sum(y).backward();
    const auto no_grad = tape.no_grad();
    tanh(logits.detach());
  }
  const ProfileReport report = tape.profile_report();
  CHECK(names(tape) ==
        std::vector<std::string>{"constant", "detach", "matmul", "multiply", "reshape", "sum", "tanh"});
  const auto check = [&](const char* name, std::size_t calls, std::size_t elements) {
    CAPTURE(name);
    CHECK(row(report, name).calls == steps * calls);
    CHECK(row(report, name).output_bytes == steps * elements * sizeof(TestType));
  };
  check("matmul", 1, 20);
  check("reshape", 1, 0);  // in the memory of its input
  check("detach", 1, 0);
  check("tanh", 3, 3 * 20);
  check("constant", 1, 1);
  check("multiply", 1, 20);
  check("sum", 1, 1);
}

TEST_CASE("the times of a profile lie within the time that has passed", "[autograd][profile]") {
  Tape<float> tape;
  const auto begin = Clock::now();
  tape.profile();
  for (int step = 0; step < 5; ++step) {
    const auto frame = tape.frame();
    const auto x = tape.variable(irregular({64, 64}));
    mean(softmax(matmul(x, tanh(x)))).backward();
  }
  const ProfileReport report = tape.profile_report();
  const double passed = ms_since(begin);
  double shares = 0, last = 1;
  for (const ProfileRow& each : report.rows) {
    CHECK(each.forward_ms > 0);
    CHECK(each.backward_ms >= 0);
    CHECK_THAT(std::vector{each.share},
               AllClose({(each.forward_ms + each.backward_ms) / sum_of_ms(report)}, 1e-12));
    CHECK(each.share <= last);
    last = each.share;
    shares += each.share;
  }
  CHECK(row(report, "matmul").backward_ms > 0);
  CHECK(row(report, "variable").backward_ms == 0);
  CHECK(sum_of_ms(report) > 0);
  CHECK(sum_of_ms(report) <= passed);
  CHECK_THAT(std::vector{shares}, AllClose({1}, 1e-12));
}

TEST_CASE("forward and backward time are those of the operation and its rule", "[autograd][profile]") {
  Tape<double> tape;
  tape.profile();
  const auto begin = Clock::now();
  const auto nothing = [] {};
  const auto y = slow("first", tape.variable(1), 2, 5, nothing);
  slow("without gradient", y, 1, 9, nothing);
  const auto z = slow("second", y, 4, 1, nothing);
  sleep_ms(3);  // which is nobody's
  z.backward();
  const ProfileReport report = tape.profile_report();
  const double passed = ms_since(begin);
  CHECK(row(report, "first").forward_ms >= 2);
  CHECK(row(report, "first").backward_ms >= 5);
  CHECK(row(report, "second").forward_ms >= 4);
  CHECK(row(report, "second").backward_ms >= 1);
  CHECK(row(report, "without gradient").forward_ms >= 1);
  CHECK(row(report, "without gradient").backward_ms == 0);
  CHECK(sum_of_ms(report) <= passed - 3);
  z.backward();
  CHECK(row(tape.profile_report(), "first").backward_ms >= 10);
  CHECK(row(tape.profile_report(), "first").calls == 1);
}

TEST_CASE("time of an operation within another is not counted twice", "[autograd][profile]") {
  Tape<double> tape;
  tape.profile();
  const auto x = tape.variable(1);
  const auto begin = Clock::now();
  const auto nothing = [] {};
  const auto y = slow("outer", x, 2, 1, [&] {
    const auto inner = slow("inner", slow("inner", x, 3, 2, nothing), 3, 2, nothing);
    inner.backward();
  });
  const double passed = ms_since(begin);
  const ProfileReport report = tape.profile_report();
  CHECK(y.item() == 1);
  CHECK(row(report, "outer").calls == 1);
  CHECK(row(report, "inner").calls == 2);
  CHECK(row(report, "outer").forward_ms >= 2);
  CHECK(row(report, "inner").forward_ms >= 6);
  CHECK(row(report, "inner").backward_ms >= 4);
  CHECK(row(report, "outer").forward_ms + row(report, "inner").forward_ms +
            row(report, "inner").backward_ms <=
        passed);
}

TEST_CASE("operations that end in the order in which they began count no time twice", "[autograd][profile]") {
  Tape<double> tape;
  const auto x = tape.variable(1);
  tape.profile();
  const auto begin = Clock::now();
  Recording<double> first("first", {x});
  first.output({})[0] = 1;
  sleep_ms(1);
  Recording<double> second("second", {x});
  second.output({})[0] = 2;
  sleep_ms(2);
  first.finish();
  sleep_ms(3);
  second.finish();
  const ProfileReport report = tape.profile_report();
  CHECK(row(report, "first").forward_ms >= 3);
  CHECK(row(report, "second").forward_ms >= 0);
  CHECK(sum_of_ms(report) <= ms_since(begin));
}

TEST_CASE("a profile stands still while it is off, and goes on", "[autograd][profile]") {
  Tape<double> tape;
  const auto x = tape.variable(1);
  const auto before = tanh(x);
  tape.profile();
  square(x);
  tape.profile(false);
  CHECK_FALSE(tape.profiles());
  square(x).backward();
  CHECK(names(tape) == std::vector<std::string>{"square"});
  CHECK(row(tape.profile_report(), "square").calls == 1);
  CHECK(row(tape.profile_report(), "square").backward_ms == 0);
  tape.profile();
  square(x);
  CHECK(row(tape.profile_report(), "square").calls == 2);
  before.backward();  // of an operation from before
  CHECK(row(tape.profile_report(), "tanh").calls == 0);
  CHECK(row(tape.profile_report(), "tanh").backward_ms > 0);
}

TEST_CASE("reset_profile begins anew", "[autograd][profile]") {
  Tape<double> tape;
  tape.profile();
  square(tape.variable(1)).backward();
  tape.reset_profile();
  CHECK(tape.profiles());
  CHECK(tape.profile_report().rows.empty());
  tanh(tape.constant(1));
  CHECK(names(tape) == std::vector<std::string>{"constant", "tanh"});
  CHECK(row(tape.profile_report(), "constant").output_bytes == sizeof(double));
}

TEST_CASE("a profile that is begun, ended or reset while an operation is recorded stays whole",
          "[autograd][profile]") {
  Tape<double> tape;
  const auto x = tape.variable(1);
  slow("began before", x, 0, 0, [&] { tape.profile(); });
  CHECK(tape.profile_report().rows.empty());
  const auto begin = Clock::now();
  slow("reset", x, 1, 0, [&] { tape.reset_profile(); });
  CHECK(row(tape.profile_report(), "reset").calls == 1);
  CHECK(row(tape.profile_report(), "reset").forward_ms >= 1);
  CHECK(row(tape.profile_report(), "reset").forward_ms <= ms_since(begin));
  slow("began within", x, 0, 0, [&] { tape.profile(false); });
  CHECK(row(tape.profile_report(), "began within").calls == 1);
  slow("began after", x, 0, 0, [] {});
  CHECK(names(tape) == std::vector<std::string>{"began within", "reset"});
}

TEST_CASE("operations that throw are not counted and leave the profile whole",
          "[autograd][profile][errors]") {
  Tape<double> tape;
  tape.profile();
  tape.check_finite();
  const auto x = tape.variable(std::vector{-1.0, 2.0});
  CHECK_THROWS_WITH(fail_while_recording(x), "too late");
  CHECK_THROWS_AS(log(x), NonFiniteError);
  CHECK_THROWS_AS(matmul(x, x), ShapeError);
  CHECK(names(tape) == std::vector<std::string>{"variable"});
  CHECK(row(tape.profile_report(), "variable").calls == 1);
  log(square(x));
  CHECK(row(tape.profile_report(), "log").calls == 1);
  CHECK(row(tape.profile_report(), "log").output_bytes == 2 * sizeof(double));
}

TEST_CASE("a rule that throws is not counted and leaves the profile whole", "[autograd][profile][errors]") {
  Tape<double> tape;
  tape.profile();
  const auto x = tape.variable(1);
  bool throws = true;
  Recording<double> op("fails backward", {tanh(x)});
  op.output({})[0] = 1;
  const auto y = square(op.finish([&throws](Backward<double>& b) {
    if (throws) throw std::runtime_error("no gradient");
    b.input_grad(0)[0] += b.output_grad()[0];
  }));
  CHECK_THROWS_WITH(y.backward(), "no gradient");
  CHECK(row(tape.profile_report(), "square").backward_ms > 0);
  CHECK(row(tape.profile_report(), "fails backward").calls == 1);
  CHECK(row(tape.profile_report(), "fails backward").backward_ms == 0);
  CHECK(row(tape.profile_report(), "tanh").backward_ms == 0);
  throws = false;
  y.backward();
  CHECK(row(tape.profile_report(), "fails backward").backward_ms > 0);
  CHECK(row(tape.profile_report(), "tanh").backward_ms > 0);
}

TEST_CASE("a profile changes neither results nor what the tape holds", "[autograd][profile]") {
  const auto run = [](bool profiled) {
    Tape<double> tape;
    tape.profile(profiled);
    const auto x = tape.variable(irregular({4, 3}));
    sum(tanh(matmul(x, transpose(x)))).backward();
    const TapeStatistics statistics = tape.statistics();
    return std::tuple(values(x.grad()), statistics.nodes, statistics.bytes_in_use,
                      statistics.heap_allocations);
  };
  CHECK(run(true) == run(false));
}

TEST_CASE("operations of one name have one row, wherever the name is stored", "[autograd][profile]") {
  const std::string name = "custom", same = "custom";
  Tape<double> tape;
  tape.profile();
  const auto x = tape.constant(1);
  slow(name.c_str(), x, 0, 0, [] {});
  slow(same.c_str(), x, 0, 0, [] {});
  CHECK(row(tape.profile_report(), "custom").calls == 2);
}

TEST_CASE("a report is an aligned table as text", "[autograd][profile]") {
  const ProfileReport report{
      {{"softmax_cross_entropy", 1200, 1234.5678, 0.25, 4096, 0.9}, {"größe", 1, 0.0004, 137.1, 0, 0.1}}};
  CHECK(to_string(report) == R"(operation              calls  forward ms  backward ms  output bytes   share
softmax_cross_entropy   1200    1234.568        0.250          4096   90.0%
größe                      1       0.000      137.100             0   10.0%
total                   1201    1234.568      137.350          4096  100.0%
)");
  CHECK(to_string(ProfileReport{}) == R"(operation  calls  forward ms  backward ms  output bytes  share
total          0       0.000        0.000             0   0.0%
)");
}

TEST_CASE("a table has room for large numbers", "[autograd][profile]") {
  const ProfileReport report{{{"f", 12345678901234567, 1e12, 0, 98765432109876543, 1}}};
  CHECK(to_string(report) ==
        R"(operation              calls         forward ms  backward ms       output bytes   share
f          12345678901234567  1000000000000.000        0.000  98765432109876543  100.0%
total      12345678901234567  1000000000000.000        0.000  98765432109876543  100.0%
)");
}
