# cmake -DMETHOD=find_package|add_subdirectory -DSOURCE_DIR=... -DBUILD_DIR=... -DWORK_DIR=... -P test.cmake
# Builds the README's first program in a project of its own and checks that its loss falls.

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

set(configure ${CMAKE_COMMAND} -S ${SOURCE_DIR}/tests/consumer -B ${WORK_DIR}/build -G ${GENERATOR}
  -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_CXX_FLAGS=${COMPILER_FLAGS} -DREADME=${SOURCE_DIR}/README.md)
if(METHOD STREQUAL find_package)
  file(REMOVE_RECURSE ${WORK_DIR})
  run(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${WORK_DIR}/prefix)
  run(${configure} -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix)
else()
  # Without optimisation, for the sake of the time that compiling the library takes.
  run(${configure} -DCMAKE_BUILD_TYPE=Debug -DXTAPE_SOURCE_DIR=${SOURCE_DIR})
endif()
run(${CMAKE_COMMAND} --build ${WORK_DIR}/build)

execute_process(COMMAND ${WORK_DIR}/build/first_program OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
message("${output}")
if(NOT output MATCHES "step 0  loss ([0-9.e-]+)\n.*step 200  loss ([0-9.e-]+)\n")
  message(FATAL_ERROR "the first program did not print its losses")
endif()
if(NOT CMAKE_MATCH_2 LESS 0.05)
  message(FATAL_ERROR "the loss should fall below 0.05, got ${CMAKE_MATCH_2}")
endif()
