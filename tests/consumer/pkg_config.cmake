# Against a fresh install that was moved, without CMake.
require_program(PKG_CONFIG pkg-config)
if(NOT PKG_CONFIG)
  return()
endif()

run(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${WORK_DIR}/prefix)
file(RENAME ${WORK_DIR}/prefix ${WORK_DIR}/moved)
set(ENV{PKG_CONFIG_PATH} "${WORK_DIR}/moved/${LIBDIR}/pkgconfig:$ENV{PKG_CONFIG_PATH}")
set(ENV{LD_LIBRARY_PATH} "${WORK_DIR}/moved/${LIBDIR}:$ENV{LD_LIBRARY_PATH}")

file(READ ${SOURCE_DIR}/README.md readme)
string(REGEX MATCH "```cpp\n([^`]*)```" block "${readme}")
file(WRITE ${WORK_DIR}/first_program.cpp "${CMAKE_MATCH_1}")
separate_arguments(COMPILER_FLAGS)
foreach(option "" --define-prefix) # The default of Debian's, and that of others.
  execute_process(COMMAND ${PKG_CONFIG} ${option} --cflags --libs xtape COMMAND_ECHO STDOUT
    OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  message("${flags}")
  if(flags STREQUAL flags_before)
    continue()
  endif()
  set(flags_before "${flags}")
  separate_arguments(flags)
  run(${COMPILER} -std=c++20 ${COMPILER_FLAGS} ${WORK_DIR}/first_program.cpp ${flags} -o ${WORK_DIR}/first_program)
  check_first_program(${WORK_DIR}/first_program)
endforeach()

if(MPI)
  execute_process(COMMAND ${PKG_CONFIG} --cflags --libs xtape-mpi COMMAND_ECHO STDOUT
    OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  message("${flags}")
  separate_arguments(flags)
  run(${COMPILER} -std=c++20 ${COMPILER_FLAGS} ${SOURCE_DIR}/tests/consumer/single_rank.cpp ${flags}
    -o ${WORK_DIR}/single_rank)
  check_single_rank(${WORK_DIR}/single_rank)
endif()

if(ONNX)
  execute_process(COMMAND ${PKG_CONFIG} --cflags --libs xtape-onnx COMMAND_ECHO STDOUT
    OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  message("${flags}")
  separate_arguments(flags)
  run(${COMPILER} -std=c++20 ${COMPILER_FLAGS} ${SOURCE_DIR}/tests/consumer/onnx_and_back.cpp ${flags}
    -o ${WORK_DIR}/onnx_and_back)
  check_onnx_and_back(${WORK_DIR}/onnx_and_back)
endif()

execute_process(COMMAND ${PKG_CONFIG} --modversion xtape OUTPUT_VARIABLE version COMMAND_ERROR_IS_FATAL ANY)
if(NOT version MATCHES "^[0-9]+\\.[0-9]+\\.[0-9]+\n$")
  message(FATAL_ERROR "xtape.pc should know its version, got ${version}")
endif()
