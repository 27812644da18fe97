# cmake "-DCOMMAND=mpirun ...;-np;2;mpi_ranks;throws" -DEXPECTED=... [-DSTATUS=...] -P mpi_failure.cmake
# A rank that fails ends all of them within seconds: with that status, or another one than 0, and with what is expected
# among what they print.
string(TIMESTAMP begin "%s" UTC)
execute_process(COMMAND ${COMMAND} TIMEOUT 60 RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
string(TIMESTAMP end "%s" UTC)
math(EXPR seconds "${end} - ${begin}")
message("${output}\nstatus ${status} after ${seconds} s")
if(NOT output MATCHES "${EXPECTED}" OR output MATCHES "should have waited")
  message(FATAL_ERROR "the ranks should have printed ${EXPECTED} and not gone on")
endif()
if(NOT status MATCHES "^[0-9]+$" OR status EQUAL 0 OR (DEFINED STATUS AND NOT status EQUAL STATUS))
  message(FATAL_ERROR "the status should be ${STATUS}, and never 0 or a timeout, got ${status}")
endif()
if(seconds GREATER 20)
  message(FATAL_ERROR "the ranks should have ended within seconds")
endif()
