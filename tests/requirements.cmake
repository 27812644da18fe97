# cmake -DSOURCE_DIR=... -DWORK_DIR=... -P requirements.cmake
# A package newer than any that is known is taken, though its own version file accepts no other major version; an older
# and a missing one are refused by what was found and what is needed.
include(CMakePackageConfigHelpers)
file(REMOVE_RECURSE ${WORK_DIR})
foreach(version 7.9 99.0)
  file(WRITE ${WORK_DIR}/${version}/lib/cmake/xsimd/xsimdConfig.cmake "")
  write_basic_package_version_file(${WORK_DIR}/${version}/lib/cmake/xsimd/xsimdConfigVersion.cmake
    VERSION ${version} COMPATIBILITY SameMajorVersion ARCH_INDEPENDENT)
endforeach()

function(expect prefix pattern)
  file(WRITE ${WORK_DIR}/require.cmake "
    cmake_minimum_required(VERSION 3.25)
    set(CMAKE_PREFIX_PATH ${WORK_DIR}/${prefix})
    set(CMAKE_FIND_USE_CMAKE_SYSTEM_PATH OFF)
    set(CMAKE_FIND_USE_SYSTEM_ENVIRONMENT_PATH OFF)
    include(${SOURCE_DIR}/cmake/xtape_require.cmake)
    xtape_require(xsimd 8.1)
    message(\"took \${xsimd_VERSION}\")\n")
  execute_process(COMMAND ${CMAKE_COMMAND} -P ${WORK_DIR}/require.cmake OUTPUT_VARIABLE output ERROR_VARIABLE output)
  string(REGEX REPLACE "[ \n]+" " " output "${output}")
  if(NOT output MATCHES "${pattern}")
    message(FATAL_ERROR "with ${prefix} there should be ${pattern}, got ${output}")
  endif()
endfunction()

expect(99.0 "^took 99.0")
expect(7.9 "xtape needs xsimd 8.1 or newer and found \"7.9\" in ${WORK_DIR}/7.9/lib/cmake/xsimd")
expect(none "xtape needs xsimd 8.1, and CMake finds none")
