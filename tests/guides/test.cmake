# cmake -DPROGRAM=guides -DSOURCE_DIR=... -DWORK_DIR=... -P test.cmake
# Runs the guides and looks for each of their blocks of text in what they print.
include(${CMAKE_CURRENT_LIST_DIR}/blocks.cmake)

file(REMOVE_RECURSE ${WORK_DIR})
file(MAKE_DIRECTORY ${WORK_DIR})
file(COPY ${SOURCE_DIR}/samples/data/iris.csv DESTINATION ${WORK_DIR})
execute_process(COMMAND ${PROGRAM} WORKING_DIRECTORY ${WORK_DIR} OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
message("${output}")

file(GLOB guides ${SOURCE_DIR}/samples/guides/*.md)
foreach(guide IN LISTS guides)
  file(READ ${guide} text)
  take_block(text text expected)
  while(NOT expected STREQUAL "")
    string(FIND "${output}" "${expected}" place)
    if(place EQUAL -1)
      message(FATAL_ERROR "${guide} says, and the program did not print:\n${expected}")
    endif()
    take_block(text text expected)
  endwhile()
endforeach()
