# What xtape is built on, from the system's packages. install_dependencies.sh installs them.

include(xtape_require)

xtape_require(xtensor 0.24)
xtape_require(xtensor-blas 0.20)
xtape_require(xsimd 8.1)
xtape_require(fmt 9)
xtape_require(FastFloat 3.4)
xtape_require(Threads)
xtape_require(nlohmann_json 3.11)
xtape_require(ZLIB)
xtape_require(libzip 1.7)

# Any BLAS with the CBLAS interface; say -DBLA_VENDOR=... for another one than OpenBLAS.
if(NOT DEFINED BLA_VENDOR)
  set(BLA_VENDOR OpenBLAS)
endif()
xtape_require(BLAS)

include(CheckCXXSourceCompiles)
if(NOT "${BLAS_LIBRARIES}" STREQUAL "${XTAPE_CHECKED_BLAS}")
  unset(XTAPE_BLAS_HAS_CBLAS CACHE)
  unset(XTAPE_BLAS_IS_OPENBLAS CACHE)
  set(XTAPE_CHECKED_BLAS "${BLAS_LIBRARIES}" CACHE INTERNAL "")
endif()
set(CMAKE_REQUIRED_LIBRARIES BLAS::BLAS)
check_cxx_source_compiles(
  "extern \"C\" void cblas_sgemm(); int main() { cblas_sgemm(); }" XTAPE_BLAS_HAS_CBLAS)
check_cxx_source_compiles(
  "extern \"C\" void openblas_set_num_threads(int); int main() { openblas_set_num_threads(1); }" XTAPE_BLAS_IS_OPENBLAS)
# Compiled with one standard library, fmt does not link with another: with libc++ on Debian, it comes from its headers.
set(CMAKE_REQUIRED_LIBRARIES fmt::fmt)
check_cxx_source_compiles(
  "#include <fmt/format.h>\nint main() { return fmt::format(\"{}\", 1) == \"1\" ? 0 : 1; }" XTAPE_FMT_LINKS)
unset(CMAKE_REQUIRED_LIBRARIES)
set(xtape_fmt fmt::fmt)
if(NOT XTAPE_FMT_LINKS)
  set(xtape_fmt fmt::fmt-header-only)
endif()

if(NOT XTAPE_BLAS_HAS_CBLAS)
  message(FATAL_ERROR
    "xtape needs a BLAS with the CBLAS interface, got ${BLAS_LIBRARIES} without cblas_sgemm. Say -DBLA_VENDOR=OpenBLAS.")
endif()
if(NOT XTAPE_BLAS_IS_OPENBLAS)
  message(STATUS "xtape keeps only OpenBLAS to one thread a call; limit the threads of ${BLAS_LIBRARIES} itself")
endif()
