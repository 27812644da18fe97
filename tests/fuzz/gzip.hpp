// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <zlib.h>

#include <string>
#include <string_view>

#include "finding.hpp"

namespace xtape::fuzz {

/// Deflates with little memory, which is taken once: that is where the time would go.
class Deflater {
 public:
  enum class Format { raw, gzip };

  explicit Deflater(Format format) {
    constexpr int smallest_window = 9, least_memory = 1, gzip = 16;
    const int window = format == Format::gzip ? smallest_window + gzip : -smallest_window;
    require(::deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window, least_memory,
                           Z_DEFAULT_STRATEGY) == Z_OK,
            "zlib is there");
  }
  ~Deflater() { ::deflateEnd(&stream_); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  std::string operator()(std::string_view content) {
    ::deflateReset(&stream_);
    std::string packed(::deflateBound(&stream_, content.size()), '\0');
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
    stream_.avail_in = static_cast<uInt>(content.size());
    stream_.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream_.avail_out = static_cast<uInt>(packed.size());
    require(::deflate(&stream_, Z_FINISH) == Z_STREAM_END, "zlib packs as much as it says");
    packed.resize(packed.size() - stream_.avail_out);
    return packed;
  }

 private:
  z_stream stream_{};
};

}  // namespace xtape::fuzz
