# cmake "-DCOMMAND=mpirun ...;-np" "-DPROGRAM=...;its options" -DEXPECTED=... -P mpi_same_output.cmake
# A program prints the same on one, two and four ranks, and what is expected is in it.
foreach(ranks 1 2 4)
  execute_process(COMMAND ${COMMAND} ${ranks} ${PROGRAM} TIMEOUT 60 OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
  message("${ranks} ranks: ${output}")
  if(ranks EQUAL 1)
    set(first "${output}")
  elseif(NOT output STREQUAL first)
    message(FATAL_ERROR "${ranks} ranks should print what one prints")
  endif()
endforeach()
if(NOT first MATCHES "${EXPECTED}")
  message(FATAL_ERROR "the program should print ${EXPECTED}")
endif()
