// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define XTAPE_ADDRESS_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define XTAPE_ADDRESS_SANITIZER
#endif
#endif

#ifdef XTAPE_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#endif

namespace xtape {

// Memory that is kept but not handed out: under AddressSanitizer, whoever still reads it is reported.
inline void forbid([[maybe_unused]] const std::byte* memory, [[maybe_unused]] std::size_t bytes) noexcept {
#ifdef XTAPE_ADDRESS_SANITIZER
  ASAN_POISON_MEMORY_REGION(memory, bytes);
#endif
}

inline void permit([[maybe_unused]] const std::byte* memory, [[maybe_unused]] std::size_t bytes) noexcept {
#ifdef XTAPE_ADDRESS_SANITIZER
  ASAN_UNPOISON_MEMORY_REGION(memory, bytes);
#endif
}

}  // namespace xtape
