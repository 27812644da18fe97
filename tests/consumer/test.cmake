# cmake -DMETHOD=find_package|pkg_config|add_subdirectory|fetch_content -DSOURCE_DIR=... -DBUILD_DIR=... -DWORK_DIR=...
#   -P test.cmake
# Builds the README's first program in a project of its own and checks that its loss falls.

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(require_program variable name)
  find_program(${variable} ${name})
  if(NOT ${variable})
    message("skipped: this needs ${name}, and there is none")
  endif()
endfunction()

function(check_first_program program)
  execute_process(COMMAND ${EMULATOR} ${program} OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
  message("${output}")
  if(NOT output MATCHES "step 0  loss ([0-9.e-]+)\n.*step 200  loss ([0-9.e-]+)\n")
    message(FATAL_ERROR "the first program did not print its losses")
  endif()
  if(NOT CMAKE_MATCH_2 LESS 0.05)
    message(FATAL_ERROR "the loss should fall below 0.05, got ${CMAKE_MATCH_2}")
  endif()
endfunction()

function(check_single_rank program)
  execute_process(COMMAND ${EMULATOR} ${program} OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
  if(NOT output STREQUAL "rank 0 of 1\n")
    message(FATAL_ERROR "a program that runs alone should be rank 0 of 1, got ${output}")
  endif()
endfunction()

function(check_onnx_and_back program)
  execute_process(COMMAND ${EMULATOR} ${program} ${WORK_DIR}/model.onnx OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
  if(NOT output STREQUAL "the same\n")
    message(FATAL_ERROR "a model should come back from a file as it was, got ${output}")
  endif()
endfunction()

# Anew, lest an old one lets pass what a user would stumble over.
file(REMOVE_RECURSE ${WORK_DIR})
file(MAKE_DIRECTORY ${WORK_DIR})
set(configure ${CMAKE_COMMAND} -S ${SOURCE_DIR}/tests/consumer -B ${WORK_DIR}/build -G ${GENERATOR} -DMETHOD=${METHOD}
  -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_CXX_FLAGS=${COMPILER_FLAGS} -DREADME=${SOURCE_DIR}/README.md)
if(TOOLCHAIN)
  list(APPEND configure -DCMAKE_TOOLCHAIN_FILE=${TOOLCHAIN})
endif()
include(${CMAKE_CURRENT_LIST_DIR}/${METHOD}.cmake)
