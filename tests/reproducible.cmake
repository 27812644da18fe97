# cmake -DPROGRAM=digits -P reproducible.cmake
# The same seed prints the same numbers, but for the times, with any number of threads.
foreach(threads 1 2)
  execute_process(COMMAND ${PROGRAM} --epochs 3 --seed 7 --threads ${threads}
    OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX REPLACE "  [0-9.]+ s\n" "\n" output_${threads} "${output}")
endforeach()
if(NOT output_1 STREQUAL output_2)
  message(FATAL_ERROR "one thread:\n${output_1}\ntwo threads:\n${output_2}")
endif()
message("${output_1}")
