// SPDX-License-Identifier: BSD-3-Clause
#include "onnx/model_file.hpp"

#include <limits>
#include <string_view>

#include "arrays/format.hpp"
#include "files/byte_reader.hpp"

namespace xtape::onnx {
namespace {

constexpr std::uint64_t most_bytes = std::numeric_limits<int>::max();
constexpr std::size_t most_parts = std::size_t{1} << 18;
constexpr std::int64_t first_operator_set = 9, last_operator_set = 21;

// Messages of onnx.proto that hold others.
enum class Message { leaf, model, graph, node, attribute, tensor, value, type, tensor_type, shape };

Message inner_message(Message outer, std::uint64_t field) {
  switch (outer) {
    case Message::model:
      return field == 7 ? Message::graph : Message::leaf;
    case Message::graph:
      if (field == 1) return Message::node;
      if (field == 5) return Message::tensor;
      return field == 11 || field == 12 ? Message::value : Message::leaf;
    case Message::node:
      return field == 5 ? Message::attribute : Message::leaf;
    case Message::attribute:
      return field == 5 ? Message::tensor : Message::leaf;
    case Message::value:
      return field == 2 ? Message::type : Message::leaf;
    case Message::type:
      return field == 1 ? Message::tensor_type : Message::leaf;
    case Message::tensor_type:
      return field == 2 ? Message::shape : Message::leaf;
    default:
      return Message::leaf;
  }
}

// How many messages, texts and arrays the bytes of a message hold: two bytes there may be hundreds in memory,
// so they are counted before they are parsed. Stops where the bytes are no message, which the parser refuses.
class PartCounter {
 public:
  void count(Message message, std::string_view bytes) {
    while (!bytes.empty() && parts_ <= most_parts) {
      std::uint64_t tag, length;
      if (!take_varint(bytes, tag)) return;
      switch (tag & 7) {
        case 0:
          if (!take_varint(bytes, length)) return;
          break;
        case 1:
        case 5:
          length = (tag & 7) == 1 ? 8 : 4;
          if (bytes.size() < length) return;
          bytes.remove_prefix(length);
          break;
        case 2: {
          if (!take_varint(bytes, length) || length > bytes.size()) return;
          ++parts_;
          const Message inner = inner_message(message, tag >> 3);
          if (inner != Message::leaf) count(inner, bytes.substr(0, length));
          bytes.remove_prefix(length);
          break;
        }
        case 3:
        case 4:
          break;  // The ends of a group, whose fields follow as if they were those of the message.
        default:
          return;
      }
    }
  }

  std::size_t parts() const noexcept { return parts_; }

 private:
  static bool take_varint(std::string_view& bytes, std::uint64_t& number) {
    number = 0;
    for (unsigned i = 0; i < 10 && i < bytes.size(); ++i) {
      const auto byte = static_cast<unsigned char>(bytes[i]);
      number |= std::uint64_t{byte & 0x7fu} << (7 * i);
      if ((byte & 0x80) != 0) continue;
      bytes.remove_prefix(i + 1);
      return true;
    }
    return false;
  }

  std::size_t parts_ = 0;
};

std::string read_all(InputFile& file) {
  if (file.size() > most_bytes) {
    fail<FileError>("{}: a file in the ONNX format has at most {} bytes, got {}", file.subject(), most_bytes,
                    file.size());
  }
  std::string bytes(file.size(), '\0');
  bytes.resize(file.read(bytes.data(), bytes.size()));
  return bytes;
}

std::int64_t operator_set_of(const std::string& subject, const onnx_schema::ModelProto& model) {
  std::int64_t version = 0;
  for (const auto& operators : model.opset_import()) {
    if (operators.domain().empty() || operators.domain() == "ai.onnx") version = operators.version();
  }
  if (version < first_operator_set || version > last_operator_set) {
    fail<FileError>("{}: the operator set must be of version {} to {}, got {}", subject, first_operator_set,
                    last_operator_set, version);
  }
  return version;
}

}  // namespace

ModelFile::ModelFile(const char* function, const std::string& path) {
  InputFile file(function, path, InputFile::Kind::regular);
  subject = file.subject();
  const std::string content = read_all(file);
  bytes = content.size();
  PartCounter counter;
  counter.count(Message::model, content);
  if (counter.parts() > most_parts) {
    fail<FileError>("{}: it must have at most {} nodes, attributes, arrays and names, got more", subject,
                    most_parts);
  }
  if (!model.ParseFromArray(content.data(), static_cast<int>(content.size())) || !model.has_graph()) {
    fail<FileError>("{}: it must be a model in the ONNX format, got {} bytes that are none, or are damaged",
                    subject, content.size());
  }
  operator_set = operator_set_of(subject, model);
}

}  // namespace xtape::onnx
