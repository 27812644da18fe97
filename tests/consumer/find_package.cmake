# Against a fresh install.
run(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${WORK_DIR}/prefix)

set(other_version ${WORK_DIR}/other/xtape/core/version.hpp)
file(COPY ${WORK_DIR}/prefix/include/xtape DESTINATION ${WORK_DIR}/other)
file(READ ${other_version} text)
string(REGEX REPLACE "(XTAPE_VERSION_MINOR) [0-9]+" "\\1 9999" text "${text}")
file(WRITE ${other_version} "${text}")

run(${configure} -DCMAKE_BUILD_TYPE=Debug -DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix -DOTHER_HEADERS=${WORK_DIR}/other)
run(${CMAKE_COMMAND} --build ${WORK_DIR}/build)
check_first_program(${WORK_DIR}/build/first_program)
if(MPI)
  check_single_rank(${WORK_DIR}/build/single_rank)
endif()

foreach(program crosses_border without_rtti sanitized)
  if(NOT EXISTS ${WORK_DIR}/build/${program})
    message("${program} was not built: sanitizers are missing, or do not run here")
    continue()
  endif()
  execute_process(COMMAND ${EMULATOR} ${WORK_DIR}/build/${program} OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
  message("${program}: ${output}")
  if(NOT output MATCHES "^(Doubled|Module): caught\n$")
    message(FATAL_ERROR "${program} should have caught its exceptions")
  endif()
endforeach()

execute_process(COMMAND ${CMAKE_COMMAND} --build ${WORK_DIR}/build --target mismatched
  OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE failed)
if(NOT failed OR NOT output MATCHES "headers_are_of_xtape_0_9999_but_the_library_is_not")
  message(FATAL_ERROR "headers of version 0.9999 should not link, and the linker should say why:\n${output}")
endif()
