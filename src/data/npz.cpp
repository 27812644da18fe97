// SPDX-License-Identifier: BSD-3-Clause
#include <zip.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <deque>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "core/utf8.hpp"
#include "data/gzip_reader.hpp"
#include "data/npy_format.hpp"
#include "files/atomic_file.hpp"
#include "xtape/data/npy.hpp"

namespace xtape::data {
namespace {

constexpr std::string_view suffix = ".npy";
constexpr std::string_view empty_archive("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22);

struct Discard {
  void operator()(zip_t* archive) const noexcept { zip_discard(archive); }
};
using Archive = std::unique_ptr<zip_t, Discard>;

struct Free {
  void operator()(zip_source_t* source) const noexcept { zip_source_free(source); }
};
using Source = std::unique_ptr<zip_source_t, Free>;

class ZipError {
 public:
  explicit ZipError(int code = ZIP_ER_OK) { zip_error_init_with_code(&error_, code); }
  ~ZipError() { zip_error_fini(&error_); }
  ZipError(const ZipError&) = delete;
  ZipError& operator=(const ZipError&) = delete;

  zip_error_t* get() noexcept { return &error_; }

 private:
  zip_error_t error_;
};

// Throws where memory ran out, for which libzip has several names; one is that there was no error.
void require_memory(zip_error_t* error) {
  const int code = zip_error_code_zip(error);
  if (code == ZIP_ER_MEMORY || code == ZIP_ER_OK ||
      (code == ZIP_ER_ZLIB && zip_error_code_system(error) == Z_MEM_ERROR)) {
    throw std::bad_alloc();
  }
}

// Of what libzip could not read: `rule` is what the file then breaks, unless memory or the system is the
// cause.
[[noreturn]] void fail_reading(const std::string& subject, const char* rule, zip_error_t* error) {
  require_memory(error);
  const int code = zip_error_code_zip(error), of_system = zip_error_code_system(error);
  if ((code == ZIP_ER_READ || code == ZIP_ER_OPEN) && of_system != 0) {
    fail<UnreadableFileError>("{}: the file must be readable, got: {}", subject,
                              std::generic_category().message(of_system));
  }
  fail<FileError>("{}: {}, got: {}", subject, rule, zip_error_strerror(error));
}

class EntryReader : public ByteReader {
 public:
  EntryReader(std::string subject, zip_t* archive, zip_uint64_t index, std::uint64_t size)
      : ByteReader(std::move(subject)), entry_(zip_fopen_index(archive, index, 0)), size_(size) {
    if (entry_ == nullptr) fail_unsound(zip_get_error(archive));
  }

 private:
  // At its end libzip compares the checksum with that of the archive.
  std::size_t read_some(char* to, std::size_t count) override {
    std::size_t done = 0;
    while (done < count) {
      const zip_int64_t got = zip_fread(entry_.get(), to + done, count - done);
      if (got < 0) fail_unsound(zip_file_get_error(entry_.get()));
      if (got == 0) require_whole(offset() + done);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }
  std::uint64_t size_limit() const override { return size_; }
  bool is_plain() const override { return false; }

  void require_whole(std::uint64_t arrived) const {
    if (arrived == size_) return;
    fail<FileError>("{}: the entry must have {} bytes, as the archive says, got {}", subject(), size_,
                    arrived);
  }

  [[noreturn]] void fail_unsound(zip_error_t* error) const {
    fail_reading(subject(), "the entry of the archive must be sound", error);
  }

  struct Close {
    void operator()(zip_file_t* entry) const noexcept { zip_fclose(entry); }
  };
  std::unique_ptr<zip_file_t, Close> entry_;
  std::uint64_t size_;
};

// The arrays of an archive. Whatever else is in it is passed over: entries of other names, such as a README,
// and what macOS puts beside each file, under the file's own name, in a folder __MACOSX.
class ArchiveReader {
 public:
  ArchiveReader(const char* function, const std::string& path)
      : file_(function, path, InputFile::Kind::regular), left_(file_.size()) {
    int code = 0;
    errno = 0;
    archive_.reset(zip_open(path.c_str(), ZIP_RDONLY, &code));
    if (archive_ == nullptr) {
      // Without memory it is no archive to libzip, or one that was cut. What is inconsistent leaves a number
      // of its own in errno.
      if (errno == ENOMEM && code != ZIP_ER_INCONS) throw std::bad_alloc();
      ZipError error(code);
      fail_reading(subject(), "the file must be a sound zip archive", error.get());
    }
    const zip_int64_t count = zip_get_num_entries(archive_.get(), 0);
    for (zip_int64_t i = 0; i < count; ++i) list(static_cast<zip_uint64_t>(i));
  }

  // In the order in which they stand in the archive.
  const std::vector<std::string>& names() const noexcept { return names_; }

  // use(file) is given the reader of one array, and what it returns is returned.
  template <class Use>
  auto read(const std::string& name, Use use) {
    const auto place = entries_.find(name);
    if (place == entries_.end()) {
      fail<FileError>("{}: there must be an array '{}', got none of that name; list_npz tells the names",
                      subject(), name);
    }
    const zip_stat_t& entry = place->second;
    const std::string file_name = name + std::string(suffix);
    EntryReader file(fmt::format("{}: '{}'", subject(), file_name), archive_.get(), entry.index,
                     unpacked_bytes(entry, file_name));
    return use(file);
  }

 private:
  const std::string& subject() const noexcept { return file_.subject(); }

  void list(zip_uint64_t index) {
    zip_stat_t entry;
    zip_stat_init(&entry);
    if (zip_stat_index(archive_.get(), index, 0, &entry) != 0 || (entry.valid & ZIP_STAT_NAME) == 0) {
      fail_reading(subject(), fmt::format("entry {} of the archive must be sound", index).c_str(),
                   zip_get_error(archive_.get()));
    }
    const std::string_view file_name = entry.name;
    if (!file_name.ends_with(suffix) || file_name.starts_with("__MACOSX/")) return;
    std::string name(file_name.substr(0, file_name.size() - suffix.size()));
    entry.index = index;
    if (!entries_.try_emplace(name, entry).second) {
      fail<FileError>("{}: '{}': the names of the entries must be distinct", subject(), file_name);
    }
    names_.push_back(std::move(name));
  }

  // As the archive lists it, which may be a lie: no file unpacks to more than its bytes can make. Only
  // entries that are read count.
  std::uint64_t unpacked_bytes(const zip_stat_t& entry, std::string_view name) {
    constexpr zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
    const bool known = (entry.valid & needed) == needed;
    const bool stored = known && entry.comp_method == ZIP_CM_STORE;
    if (!stored && !(known && entry.comp_method == ZIP_CM_DEFLATE)) {
      fail<FileError>("{}: '{}': entries must be stored or deflated, got method {}", subject(), name,
                      entry.comp_method);
    }
    if (entry.comp_size > left_) {
      fail<FileError>("{}: '{}': the entries must fit into the file, got {} bytes where {} are left",
                      subject(), name, entry.comp_size, left_);
    }
    left_ -= entry.comp_size;
    if (stored ? entry.size != entry.comp_size : entry.size / most_from_a_deflated_byte > entry.comp_size) {
      fail<FileError>("{}: '{}': {} bytes cannot be made of {} {} ones", subject(), name, entry.size,
                      entry.comp_size, stored ? "stored" : "deflated");
    }
    return entry.size;
  }

  InputFile file_;
  std::uint64_t left_;  // bytes of the file that no entry has taken
  Archive archive_;
  std::vector<std::string> names_;
  std::map<std::string, zip_stat_t> entries_;
};

// Makes an archive in memory: libzip by itself would write to a file of its own, which it neither locks nor
// brings to the disk.
class ArchiveWriter {
 public:
  ArchiveWriter(AtomicFile& file, const NpzOptions& options) : file_(file), options_(options) {
    ZipError error;
    content_.reset(zip_source_buffer_create(nullptr, 0, 0, error.get()));
    if (content_ == nullptr) refuse(error.get());
    archive_.reset(zip_open_from_source(content_.get(), ZIP_CREATE | ZIP_TRUNCATE, error.get()));
    if (archive_ == nullptr) refuse(error.get());
    zip_source_keep(content_.get());  // The archive has taken it for its own.
  }

  template <class T>
  void add(const std::string& name, const Array<T>& array) {
    const std::string file_name = name + std::string(suffix);
    headers_.push_back(npy_header(element_type_of<T>(), array.shape()));
    const std::array<zip_buffer_fragment_t, 2> parts{fragment(headers_.back().data(), headers_.back().size()),
                                                     fragment(array.data(), array.size() * sizeof(T))};
    zip_source_t* const source = zip_source_buffer_fragment(archive_.get(), parts.data(), parts.size(), 0);
    if (source == nullptr) refuse();
    const zip_int64_t added = zip_file_add(archive_.get(), file_name.c_str(), source, ZIP_FL_ENC_UTF_8);
    if (added < 0) {
      zip_source_free(source);
      refuse();
    }
    const auto index = static_cast<zip_uint64_t>(added);
    constexpr zip_uint32_t usual_level = 6;
    constexpr zip_uint16_t january_1980 = 1 << 5 | 1;  // The earliest day: files tell no time.
    if (zip_set_file_compression(archive_.get(), index, options_.compress ? ZIP_CM_DEFLATE : ZIP_CM_STORE,
                                 options_.compress ? usual_level : 0) != 0 ||
        zip_file_set_dostime(archive_.get(), index, 0, january_1980, 0) != 0) {
      refuse();
    }
  }

  // Only now what was added is read, and must still be there.
  void write() {
    if (zip_close(archive_.get()) != 0) refuse();
    static_cast<void>(archive_.release());
    if (zip_source_open(content_.get()) != 0) refuse_content();
    std::vector<char> piece(std::size_t{1} << 16);
    for (;;) {
      const zip_int64_t got = zip_source_read(content_.get(), piece.data(), piece.size());
      if (got < 0) refuse_content();
      if (got == 0) return;
      file_.write(piece.data(), static_cast<std::size_t>(got));
    }
  }

 private:
  static zip_buffer_fragment_t fragment(const void* data, std::size_t bytes) {
    return {static_cast<zip_uint8_t*>(const_cast<void*>(data)), bytes};  // libzip only reads them.
  }
  [[noreturn]] void refuse() const { refuse(zip_get_error(archive_.get())); }
  [[noreturn]] void refuse_content() const { refuse(zip_source_error(content_.get())); }
  [[noreturn]] void refuse(zip_error_t* error) const {
    require_memory(error);
    file_.refuse(zip_error_strerror(error));
  }

  AtomicFile& file_;
  NpzOptions options_;
  std::deque<std::string> headers_;
  Source content_;
  Archive archive_;
};

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace

std::map<std::string, StoredArray> list_npz(const std::string& path) {
  ArchiveReader archive("list_npz", path);
  std::map<std::string, StoredArray> arrays;
  for (const std::string& name : archive.names()) {
    arrays.emplace(name, archive.read(name, read_npy_description));
  }
  return arrays;
}

NamedArrays read_npz(const std::string& path) {
  ArchiveReader archive("read_npz", path);
  NamedArrays arrays;
  for (const std::string& name : archive.names()) {
    arrays.add(name, archive.read(name, [](ByteReader& file) {
      return read_npy_array(file, "; to read other arrays of the archive, name them: read_npz(path, names)");
    }));
  }
  return arrays;
}

NamedArrays read_npz(const std::string& path, const std::vector<std::string>& names) {
  ArchiveReader archive("read_npz", path);
  NamedArrays arrays;
  for (const std::string& name : names) {
    if (arrays.contains(name)) continue;
    arrays.add(name, archive.read(name, [](ByteReader& file) { return read_npy_array(file); }));
  }
  return arrays;
}

void write_npz(const std::string& path, const NamedArrays& arrays, const NpzOptions& options) {
  for (const auto& [name, array] : arrays) {
    if (name.find('\0') != std::string::npos || !is_utf8(name)) {
      fail<ArgumentError>("write_npz: names must be UTF-8 without a byte 0, got '{}'", name);
    }
  }
  AtomicFile file("write_npz", path);
  if (arrays.size() == 0) {  // Of which libzip makes no archive.
    file.write(empty_archive.data(), empty_archive.size());
  } else {
    ArchiveWriter writer(file, options);
    for (const auto& entry : arrays) {
      entry.second.visit([&](const auto& array) { writer.add(entry.first, array); });
    }
    writer.write();
  }
  file.commit();
}

}  // namespace xtape::data
