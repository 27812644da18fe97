# The library xtape::mpi: ranks that MPI connects. XTAPE_MPI=ON insists on it, OFF does not look for MPI. Where there are
# several, -DMPI_CXX_COMPILER=mpicxx.mpich -DMPIEXEC_EXECUTABLE=/usr/bin/mpiexec.mpich takes another one than the default.
set(XTAPE_MPI AUTO CACHE STRING "Build xtape::mpi, for training on many machines: ON, OFF, or AUTO, where there is MPI")
set_property(CACHE XTAPE_MPI PROPERTY STRINGS AUTO ON OFF)
if(NOT XTAPE_MPI STREQUAL "AUTO" AND NOT XTAPE_MPI)
  return()
endif()

find_package(MPI 3.0 QUIET COMPONENTS CXX)
if(NOT MPI_CXX_FOUND)
  if(XTAPE_MPI STREQUAL "AUTO")
    message(STATUS "xtape leaves out xtape::mpi, which needs MPI 3 (Debian: libopenmpi-dev)")
    return()
  endif()
  message(FATAL_ERROR
    "XTAPE_MPI is ${XTAPE_MPI} and needs MPI 3, and CMake finds none. On Debian and Ubuntu: apt install libopenmpi-dev; "
    "elsewhere set MPI_CXX_COMPILER to its compiler, or MPI_HOME to where it is.")
endif()

file(GLOB xtape_mpi_sources CONFIGURE_DEPENDS src/mpi/*.cpp)
add_library(xtape_mpi ${xtape_mpi_sources})
add_library(xtape::mpi ALIAS xtape_mpi)
target_sources(xtape_mpi PUBLIC FILE_SET HEADERS BASE_DIRS include FILES ${xtape_mpi_headers})
target_include_directories(xtape_mpi PRIVATE src)
target_link_libraries(xtape_mpi PUBLIC xtape PRIVATE ${linked_fmt} MPI::MPI_CXX)
if(PROJECT_IS_TOP_LEVEL)
  target_compile_options(xtape_mpi PRIVATE -Wall -Wextra -Wpedantic -Wconversion)
endif()
if(BUILD_SHARED_LIBS)
  xtape_export_only_own(xtape_mpi)
endif()
set_target_properties(xtape_mpi PROPERTIES
  EXPORT_NAME mpi
  VERSION ${PROJECT_VERSION}
  SOVERSION ${xtape_soversion}
  POSITION_INDEPENDENT_CODE ON
  CXX_VISIBILITY_PRESET hidden
  VISIBILITY_INLINES_HIDDEN ON
  DEFINE_SYMBOL "")
