// SPDX-License-Identifier: BSD-3-Clause
// Writes small valid inputs, from which the fuzzers start: seeds DIRECTORY, in the folder of the project,
// makes DIRECTORY/<target>/...
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>

#include "directory.hpp"
#include "gzip.hpp"
#include "model_file.hpp"
#include "xtape/data/batches.hpp"
#include "xtape/data/npy.hpp"
#include "xtape/io/checkpoint.hpp"
#include "xtape/nn/linear.hpp"
#include "xtape/optim/adam.hpp"

using namespace xtape;
using namespace xtape::fuzz;

namespace {

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// What a target takes before the content.
std::string decisions(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) text += static_cast<char>(byte);
  return text;
}

std::string with_length(std::string_view piece) {
  return decisions({static_cast<int>(piece.size() & 0xff), static_cast<int>(piece.size() >> 8)}) +
         std::string(piece);
}

class Seeds {
 public:
  explicit Seeds(std::filesystem::path directory) : directory_(std::move(directory)) {}

  void add(const std::string& target, const std::string& content) {
    const auto directory = directory_ / target;
    std::filesystem::create_directories(directory);
    std::ofstream(directory / ("seed-" + std::to_string(count_++)), std::ios::binary) << content;
  }

 private:
  std::filesystem::path directory_;
  int count_ = 0;
};

template <class T>
Array<T> counting(const Shape& shape) {
  Array<T> array(shape);
  for (std::size_t i = 0; i < array.size(); ++i) array[i] = static_cast<T>(i % 3);
  return array;
}

NamedArrays arrays_of_every_type() {
  NamedArrays arrays;
  arrays.add("f", AnyArray(counting<float>({2, 2})));
  arrays.add("d", AnyArray(counting<double>({3})));
  arrays.add("i8", AnyArray(counting<std::int8_t>({1})));
  arrays.add("i16", AnyArray(counting<std::int16_t>({2, 0})));
  arrays.add("i32", AnyArray(counting<std::int32_t>({1, 1, 2})));
  arrays.add("i64", AnyArray(counting<std::int64_t>({})));
  arrays.add("u8", AnyArray(counting<std::uint8_t>({3})));
  arrays.add("u16", AnyArray(counting<std::uint16_t>({2})));
  arrays.add("u32", AnyArray(counting<std::uint32_t>({2})));
  arrays.add("u64", AnyArray(counting<std::uint64_t>({1})));
  arrays.add("b", AnyArray(counting<bool>({4})));
  return arrays;
}

void add_idx(Seeds& seeds) {
  using namespace std::string_view_literals;
  const std::string header("\0\0\x08\2\0\0\0\2\0\0\0\3"sv), six_bytes = header + "012345";
  Deflater gzip(Deflater::Format::gzip);
  for (const int members : {0, 1}) seeds.add("idx", decisions({members}) + six_bytes);
  seeds.add("idx", decisions({2, 5}) + six_bytes);
  seeds.add("idx", decisions({0}) + gzip(six_bytes));
  for (const char* name : {"train", "t10k"}) {
    seeds.add("idx", decisions({0}) + read("tests/data/idx/" + std::string(name) + "-labels-idx1-ubyte.gz"));
  }
  seeds.add("idx", decisions({1}) + std::string("\0\0\x0d\1\0\0\0\1\x3f\xc0\0\0"sv));
  seeds.add("idx", decisions({1}) + std::string("\0\0\x0e\0\x3f\xf8\0\0\0\0\0\0"sv));
  seeds.add("idx", decisions({1}) + std::string("\0\0\x0b\1\0\0\0\1\1\2"sv));
}

void add_npy(Seeds& seeds, const Directory& directory) {
  for (const auto& [name, array] : arrays_of_every_type()) {
    data::write_npy(directory / "x", array);
    const std::string file = read(directory / "x");
    const std::size_t header = static_cast<unsigned char>(file[8]);
    seeds.add("npy", decisions({2, 1}) + file);
    // Without the spaces that numpy puts behind it, so that little is left to change in vain.
    std::string text = file.substr(10, header);
    text.erase(text.find_last_not_of(" \n") + 1);
    const std::string pieces = decisions({0}) + with_length(text) + file.substr(10 + header);
    for (const int way : {0, 1, 2}) seeds.add("npy", decisions({way}) + pieces);
    seeds.add("npz", decisions({1, 0, 1}) + with_length(pieces) + pieces);
    seeds.add("npz", decisions({1, 1, 0}) + pieces);
  }
}

void add_npz(Seeds& seeds, const Directory& directory) {
  NamedArrays arrays;
  arrays.add("x", AnyArray(counting<std::int32_t>({3})));
  for (const bool compress : {false, true}) {
    data::write_npz(directory / "x", arrays, {.compress = compress});
    for (const int way : {0, 1}) {
      seeds.add("npz", decisions({0, compress ? 1 : 0, way}) + read(directory / "x"));
    }
  }
}

// As it stands, and in pieces.
void add_safetensors(Seeds& seeds, const std::string& target, const std::string& decided,
                     const std::string& file) {
  const std::size_t header = static_cast<unsigned char>(file[0]) + 256u * static_cast<unsigned char>(file[1]);
  seeds.add(target, decided + decisions({1}) + file);
  seeds.add(target, decided + decisions({0}) + with_length(file.substr(8, header)) + file.substr(8 + header));
}

void add_safetensors_and_checkpoints(Seeds& seeds, const Directory& directory) {
  Random random(1);
  nn::Linear<double> wide(2, 3, random);
  nn::Linear<float> model(2, 3, random);
  const optim::Adam<float> optimizer(model.parameters());
  NamedArrays training, few;
  training.add("model.", model.state());
  training.add("optimizer.", optimizer.state());
  training.add("random.", random.state());
  training.add("batches.", data::Batches({0, 1, 2}, 2).state());
  few.add_scalar("a", std::uint8_t{7});
  few.add("b", AnyArray(counting<float>({2})));
  for (const NamedArrays& arrays :
       {wide.state(), model.state(), arrays_of_every_type(), few.with_prefix("")}) {
    io::write_safetensors(directory / "x", arrays, {{"key", "text"}});
    for (const int way : {0, 1, 2, 3, 4}) {
      add_safetensors(seeds, "safetensors", decisions({way}), read(directory / "x"));
    }
    add_safetensors(seeds, "checkpoint", decisions({0, 20, 0, 1}), read(directory / "x"));
  }
  for (const char* name : {"linear", "linear_logits"}) {
    add_safetensors(seeds, "safetensors", decisions({4}),
                    read("tests/data/pytorch_" + std::string(name) + ".safetensors"));
  }
  io::save_checkpoint(directory / "x", few, {{"key", "text"}});
  for (const int way : {1, 2}) {
    add_safetensors(seeds, "checkpoint", decisions({way, 0, 0, 0}), read(directory / "x"));
  }
  io::write_safetensors(directory / "x", training);
  add_safetensors(seeds, "checkpoint", decisions({3, 0, 0, 0}), read(directory / "x"));
}

void add_models(Seeds& seeds, const Directory& directory) {
  for (std::size_t kind = 0; kind < model_count; ++kind) {
    const io::Safetensors whole = whole_file(directory, kind);
    const int of_kind = static_cast<int>(kind);
    for (const int way : {1, 2, 3})
      seeds.add("model", decisions({way, of_kind}) + whole.metadata.at(description));
    add_safetensors(seeds, "model", decisions({0, of_kind}), read(directory / "x"));
  }
}

void add_csv(Seeds& seeds) {
  const std::string usual(8, '\0');
  int way = 0;
  for (const char* text :
       {"a,b,c\n1,2.5,x\n3,-4e2,y\n", "a,\"b\"\"\",kind\n1,\"x\ny\",0\r\n2.5,?,\"1\"\n", "1;2\n3;4\n",
        "a b\n1  2\n", "a,b,\n1,2,\n", "# by hand\nNorth\ntime;depth\n1;1.002,5\n2;3,5\n",
        "a,b\n\"1,234\",5%\n-inf,NaN\n", "a,a,a.1\nred,1,2\rblue,3,4\r",
        "\xef\xbb\xbfn\xc3\xa4me\n\xe2\x82\xac\n"}) {
    seeds.add("csv", usual + decisions({way++ % 8, 0}) + text);
    seeds.add("csv", usual + decisions({6, 0}) + text);
    seeds.add("csv_sniff", text);
  }
  seeds.add("csv", decisions({1, 1, 0x34, 1, 1, 1, 2, 1, 6, 0}) + "#\na;b;b\n'1.234,5';2;x\n?;inf;'it''s'\n");
  seeds.add("csv", decisions({3, 0, 2, 0, 0, 0, 0, 2, 4, 1}) + "  a  b\n 1   2\n");
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "seeds DIRECTORY\n";
    return 2;
  }
  const Directory directory;
  Seeds seeds(arguments[1]);
  add_idx(seeds);
  add_npy(seeds, directory);
  add_npz(seeds, directory);
  add_safetensors_and_checkpoints(seeds, directory);
  add_models(seeds, directory);
  add_csv(seeds);
  for (int i = 0; i < 16; ++i) {
    Random random(static_cast<std::uint64_t>(i));
    std::string program(64, '\0');
    for (char& byte : program) byte = static_cast<char>(random.below(256));
    seeds.add("tape", program);
    seeds.add("predictor", program);
  }
}
