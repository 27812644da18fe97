# xtape_require(package [lowest version]). The lowest version is compared here: many packages' own version files refuse
# every other major version, newer ones too.
macro(xtape_require package)
  find_package(${package} QUIET)
  if(NOT ${package}_FOUND)
    message(FATAL_ERROR
      "xtape needs ${package} ${ARGN}, and CMake finds none. On Debian and Ubuntu: bash cmake/install_dependencies.sh; elsewhere "
      "install it with the system's package manager and, if it is in an unusual place, set CMAKE_PREFIX_PATH.")
  endif()
  if(NOT "${ARGN}" STREQUAL "" AND "${${package}_VERSION}" VERSION_LESS "${ARGN}")
    message(FATAL_ERROR
      "xtape needs ${package} ${ARGN} or newer and found \"${${package}_VERSION}\" in "
      "${${package}_DIR}${${package}_CONFIG}. Install a newer one and, if it is in an unusual place, set CMAKE_PREFIX_PATH.")
  endif()
endmacro()
