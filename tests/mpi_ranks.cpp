// SPDX-License-Identifier: BSD-3-Clause
// mpirun -np RANKS mpi_ranks RANKS PIECE: every rank gets what it should, with no more than PIECE elements in
// one call of MPI.
// mpirun -np RANKS mpi_ranks throws | throws_a_number | returns | is_killed | runs_twice: the last rank
// fails, and the others wait for it.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstring>
#include <numeric>
#include <stdexcept>
#include <string_view>

#include "mpi/run_in_pieces.hpp"
#include "xtape/mpi.hpp"
#include "xtape/xtape.hpp"

using namespace xtape;
using namespace xtape::distributed;

namespace {

void require(bool holds, std::string_view claim) {
  if (!holds) throw std::runtime_error(fmt::format("mpi_ranks: this should hold: {}", claim));
}

/// What a function throws, as far as it is of that type.
template <class Kind, class Call>
std::string refusal(Call call) {
  try {
    call();
  } catch (const Kind& error) {
    return error.what();
  }
  return "nothing was thrown";
}

const std::vector<std::size_t> lengths{0, 1, 2, 3, 7, 100, 10000};

/// Numbers that each rank can make for any other.
template <class T>
std::vector<T> numbers_of(std::size_t rank, std::size_t length) {
  std::vector<T> numbers(length);
  for (std::size_t i = 0; i < length; ++i) numbers[i] = static_cast<T>(1000 * rank + i % 997);
  return numbers;
}

template <class T>
void sums_are_those_of_all_ranks(Communicator& communicator) {
  const std::size_t ranks = communicator.size();
  for (const std::size_t length : lengths) {
    std::vector<T> numbers = numbers_of<T>(communicator.rank(), length);
    communicator.sum(std::span(numbers));
    std::vector<T> expected(length);
    for (std::size_t i = 0; i < length; ++i)
      expected[i] = static_cast<T>(500 * ranks * (ranks - 1) + ranks * (i % 997));
    require(numbers == expected, fmt::format("a sum of {} elements is that of all ranks", length));
  }
}

void integers_are_added_modulo_2_to_the_64(Communicator& communicator) {
  std::uint64_t number = communicator.rank() == 0 ? 7 : ~std::uint64_t{0};  // the latter is -1
  communicator.sum(std::span(&number, 1));
  require(number == 8 - communicator.size(), "integers are added modulo 2^64");
}

template <class T>
void every_pair_exchanges(Communicator& communicator) {
  const std::size_t ranks = communicator.size(), rank = communicator.rank();
  for (std::size_t step = 0; step < ranks; ++step) {
    const std::size_t peer = (step + ranks - rank) % ranks;
    for (const std::size_t length : lengths) {
      // Each rank sends as many more as its number says.
      const std::vector<T> sent = numbers_of<T>(rank, length + rank);
      std::vector<T> received(length + peer);
      communicator.exchange(peer, sent, received);
      require(received == numbers_of<T>(peer, length + peer),
              "each rank of a pair gets what the other one sends");
    }
  }
}

void bytes_and_texts_are_those_of_the_root(Communicator& communicator) {
  for (std::size_t root = 0; root < communicator.size(); ++root) {
    for (const std::size_t length : lengths) {
      std::vector<float> numbers = numbers_of<float>(communicator.rank(), length);
      communicator.broadcast(std::as_writable_bytes(std::span(numbers)), root);
      require(numbers == numbers_of<float>(root, length), "bytes are those of the root");
    }
    const std::string own(communicator.rank() * 100, static_cast<char>('a' + communicator.rank()));
    require(communicator.broadcast(own, root) == std::string(root * 100, static_cast<char>('a' + root)),
            "a text is that of the root");
  }
}

void texts_are_gathered_in_the_order_of_the_ranks(Communicator& communicator) {
  const std::vector<std::string> texts{"batch_size = 32", "", std::string(100000, 'x'),
                                       std::string("a\0b", 3)};
  const auto gathered = communicator.gather(texts.at(communicator.rank()));
  require(gathered ==
              std::vector(texts.begin(), texts.begin() + static_cast<std::ptrdiff_t>(communicator.size())),
          "texts are gathered in the order of the ranks");
}

/// Twelve parts, of which each rank adds some: the tree is written out.
template <class T>
void ordered_sums_do_not_depend_on_the_number_of_ranks(Communicator& communicator) {
  constexpr std::size_t parts = 12, length = 1001;
  Random random(3);
  std::array<std::vector<T>, parts> p;
  for (std::vector<T>& part : p) {
    part.resize(length);
    for (T& x : part) x = static_cast<T>(random.normal() * std::exp(4 * random.normal()));
  }
  std::vector<T> expected(length), sum(length);
  for (std::size_t i = 0; i < length; ++i) {
    expected[i] =
        (((p[0][i] + p[1][i]) + (p[2][i] + p[3][i])) + ((p[4][i] + p[5][i]) + (p[6][i] + p[7][i]))) +
        ((p[8][i] + p[9][i]) + (p[10][i] + p[11][i]));
  }
  const std::size_t own = parts / communicator.size(), first = own * communicator.rank();
  OrderedSum<T> ordered(communicator, own, length);
  for (std::size_t part = first; part < first + own; ++part) ordered.add(p[part]);
  ordered.finish(sum);
  require(std::memcmp(sum.data(), expected.data(), length * sizeof(T)) == 0,
          "ordered sums have the same bits on any number of ranks");
}

void messages_of_another_length_are_errors(Communicator& communicator) {
  if (communicator.rank() > 1) return;
  const std::size_t peer = communicator.size() == 1 ? 0 : 1 - communicator.rank();
  const std::vector<float> five(5);
  std::vector<float> more(6), fewer(4);
  // One call of MPI has all of it, so that none is left over.
  require(
      refusal<CommunicationError>([&] { communicator.exchange(peer, five, more); }) ==
          fmt::format("Communicator::exchange: received must have as many bytes as rank {} sends, 20, got 24",
                      peer),
      "fewer elements than are received are an error");
  const std::string reason = refusal<CommunicationError>([&] { communicator.exchange(peer, five, fewer); });
  require(communicator.size() == 1 ||
              reason.starts_with("Communicator::exchange: MPI_Sendrecv must succeed, got error "),
          "more elements than are received are an error of MPI, not: " + reason);
  require(reason.find(communicator.size() == 1 ? "20, got 16" : "runcated") != std::string::npos,
          "the error says that they were more, not: " + reason);
}

void is_as_it_should_be(Communicator& communicator, std::size_t piece) {
  communicator.barrier();
  sums_are_those_of_all_ranks<float>(communicator);
  sums_are_those_of_all_ranks<double>(communicator);
  sums_are_those_of_all_ranks<std::uint64_t>(communicator);
  integers_are_added_modulo_2_to_the_64(communicator);
  every_pair_exchanges<float>(communicator);
  every_pair_exchanges<double>(communicator);
  bytes_and_texts_are_those_of_the_root(communicator);
  texts_are_gathered_in_the_order_of_the_ranks(communicator);
  ordered_sums_do_not_depend_on_the_number_of_ranks<float>(communicator);
  ordered_sums_do_not_depend_on_the_number_of_ranks<double>(communicator);
  if (piece >= 1000) messages_of_another_length_are_errors(communicator);
  communicator.barrier();
  if (communicator.rank() == 0) fmt::print("{} ranks are as they should be\n", communicator.size());
}

int fail_on_the_last_rank(Communicator& communicator, std::string_view how) {
  if (communicator.rank() + 1 == communicator.size()) {
    fmt::print(stderr, "rank {} of {} {}\n", communicator.rank(), communicator.size(), how);
    if (how == "throws") throw std::runtime_error("the disk is full");
    if (how == "throws_a_number") throw 7;
    if (how == "returns") return 3;
    if (how == "is_killed") std::raise(SIGKILL);
    if (how == "runs_twice") return run(0, nullptr, [](Communicator&) { return 0; });
    throw std::runtime_error(fmt::format("mpi_ranks: it must be a number or a way to fail, got {}", how));
  }
  communicator.barrier();
  fmt::print("rank {} should have waited\n", communicator.rank());
  return 0;
}

std::size_t number(std::string_view text) {
  std::size_t result = 0;
  std::from_chars(text.data(), text.data() + text.size(), result);
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  if (arguments.size() == 1)
    return run(argc, argv, [&](Communicator& ranks) { return fail_on_the_last_rank(ranks, arguments[0]); });
  const std::size_t piece = number(arguments.at(1));
  return run_in_pieces(piece, argc, argv, [&](Communicator& communicator) {
    require(communicator.size() == number(arguments[0]),
            fmt::format("there are {} ranks, not {}: MPIEXEC_EXECUTABLE is that of this MPI", arguments[0],
                        communicator.size()));
    is_as_it_should_be(communicator, piece);
    return 0;
  });
}
