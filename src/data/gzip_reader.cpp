// SPDX-License-Identifier: BSD-3-Clause
#include "data/gzip_reader.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>

namespace xtape::data {
namespace {

// One or more members, as RFC 1952 allows, and nothing behind them.
class GzipReader : public ByteReader {
 public:
  explicit GzipReader(InputFile file) : ByteReader(file.subject() + " (unpacked)"), file_(std::move(file)) {
    constexpr int only_gzip = 16 + MAX_WBITS;
    if (inflateInit2(&stream_, only_gzip) != Z_OK) throw std::bad_alloc();
  }
  ~GzipReader() override { inflateEnd(&stream_); }

 private:
  std::size_t read_some(char* to, std::size_t count) override {
    std::size_t done = 0;
    while (done < count && has_input()) {
      const std::size_t room = std::min<std::size_t>(count - done, std::numeric_limits<uInt>::max());
      stream_.next_out = reinterpret_cast<Bytef*>(to + done);
      stream_.avail_out = static_cast<uInt>(room);
      const int status = inflate(&stream_, Z_NO_FLUSH);
      done += room - stream_.avail_out;
      in_member_ = status != Z_STREAM_END;
      if (status == Z_STREAM_END) {
        inflateReset(&stream_);
      } else if (status == Z_MEM_ERROR) {
        throw std::bad_alloc();
      } else if (status != Z_OK) {
        fail_at(offset() + done, "the gzip data must be sound, got: {}",
                stream_.msg != nullptr ? stream_.msg : zError(status));
      }
    }
    return done;
  }

  // Fills the input where it is used up. False at the end of the file, which only a whole member may precede.
  bool has_input() {
    if (stream_.avail_in > 0) return true;
    stream_.next_in = input_.data();
    stream_.avail_in = static_cast<uInt>(file_.read(input_.data(), input_.size()));
    if (stream_.avail_in == 0 && in_member_) {
      fail_at(offset(), "the gzip data must be whole, got a file that ends within them");
    }
    return stream_.avail_in > 0;
  }

  std::uint64_t size_limit() const override {
    const std::uint64_t unknown = InputFile::unknown_size;
    return file_.size() > unknown / most_from_a_deflated_byte ? unknown
                                                              : file_.size() * most_from_a_deflated_byte;
  }
  bool is_plain() const override { return false; }

  InputFile file_;
  z_stream stream_{};
  bool in_member_ = true;
  std::array<Bytef, std::size_t{1} << 16> input_;
};

}  // namespace

std::unique_ptr<ByteReader> open_maybe_gzip(const char* function, const std::string& path) {
  InputFile file(function, path);
  if (file.peek() == first_of_gzip) return std::make_unique<GzipReader>(std::move(file));
  return std::make_unique<PlainReader>(std::move(file));
}

}  // namespace xtape::data
