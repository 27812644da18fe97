# Ranks that MPI connects, on this machine.
if(NOT TARGET xtape_mpi OR NOT MPIEXEC_EXECUTABLE)
  message(STATUS "xtape leaves out the tests on several ranks, mpi_...: XTAPE_MPI is OFF, or there is no MPI with an mpiexec")
  return()
endif()

execute_process(COMMAND ${MPIEXEC_EXECUTABLE} --version OUTPUT_VARIABLE mpiexec_version ERROR_VARIABLE mpiexec_version)
set(mpiexec ${MPIEXEC_EXECUTABLE})
set(mpi_environment "")
if(mpiexec_version MATCHES "Open ?(MPI|RTE)")
  # More ranks than cores, also for root, quietly, also where there is no ssh, and not all tests on the first cores.
  list(APPEND mpiexec --allow-run-as-root --oversubscribe --bind-to none)
  set(mpi_environment OMPI_MCA_plm_rsh_agent=false OMPI_MCA_btl=self,vader
    OMPI_MCA_btl_vader_single_copy_mechanism=none OMPI_MCA_btl_base_warn_component_unused=0)
endif()
if(CMAKE_CXX_FLAGS MATCHES "sanitize") # MPI keeps memory of its own until the end.
  list(APPEND mpi_environment ASAN_OPTIONS=detect_leaks=0)
endif()
list(APPEND mpiexec ${MPIEXEC_NUMPROC_FLAG})

function(runs_on name ranks) # ... [EXPECTED], all that it prints
  set_tests_properties(${name} PROPERTIES ENVIRONMENT "${mpi_environment}" TIMEOUT 100 PROCESSORS ${ranks})
  if(ARGN)
    set_tests_properties(${name} PROPERTIES PASS_REGULAR_EXPRESSION "^${ARGN}\n$")
  endif()
endfunction()

# It sees the private rooms, which a shared library hides.
add_executable(mpi_ranks mpi_ranks.cpp)
target_sources(mpi_ranks PRIVATE $<TARGET_OBJECTS:xtape_mpi>)
target_include_directories(mpi_ranks PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(mpi_ranks PRIVATE xtape::xtape MPI::MPI_CXX ${xtape_fmt})
xtape_precompile_headers(mpi_ranks <xtape/xtape.hpp>)

foreach(ranks 1 2 3 4)
  add_test(NAME mpi_ranks_${ranks} COMMAND ${mpiexec} ${ranks} $<TARGET_FILE:mpi_ranks> ${ranks} 1000000)
  runs_on(mpi_ranks_${ranks} ${ranks} "${ranks} ranks are as they should be")
endforeach()
# What is longer than one call of MPI takes, in pieces.
add_test(NAME mpi_ranks_in_pieces COMMAND ${mpiexec} 3 $<TARGET_FILE:mpi_ranks> 3 97)
runs_on(mpi_ranks_in_pieces 3 "3 ranks are as they should be")
# Without mpiexec.
add_test(NAME mpi_ranks_alone COMMAND mpi_ranks 1 1000000)
runs_on(mpi_ranks_alone 1 "1 ranks are as they should be")

function(add_mpi_failure how ranks expected)
  add_test(NAME mpi_rank_${how} COMMAND ${CMAKE_COMMAND}
    "-DCOMMAND=${mpiexec};${ranks};$<TARGET_FILE:mpi_ranks>;${how}" "-DEXPECTED=${expected}" ${ARGN}
    -P ${CMAKE_CURRENT_SOURCE_DIR}/mpi_failure.cmake)
  runs_on(mpi_rank_${how} ${ranks})
endfunction()
add_mpi_failure(throws 3 "rank 2 of 3: the disk is full" -DSTATUS=1)
add_mpi_failure(throws_a_number 2 "rank 1 of 2: an exception that is no std::exception" -DSTATUS=1)
add_mpi_failure(returns 2 "rank 1 of 2 returns" -DSTATUS=3)
add_mpi_failure(is_killed 3 "rank 2 of 3 is_killed")
add_mpi_failure(runs_twice 1 "rank 0 of 1: run: MPI must not have been started before" -DSTATUS=1)

# The program of the guide.
file(READ ${PROJECT_SOURCE_DIR}/samples/guides/many_machines.md guide)
include(guides/blocks.cmake)
take_block(guide c++ program)
file(CONFIGURE OUTPUT many_machines.cpp CONTENT "@program@" @ONLY)
add_executable(many_machines ${CMAKE_CURRENT_BINARY_DIR}/many_machines.cpp)
target_link_libraries(many_machines PRIVATE xtape::mpi)
xtape_precompile_headers(many_machines <xtape/xtape.hpp>)
add_test(NAME mpi_guide COMMAND ${CMAKE_COMMAND} "-DCOMMAND=${mpiexec}" -DPROGRAM=$<TARGET_FILE:many_machines>
  "-DEXPECTED=step 200  loss 0[.]0" -P ${CMAKE_CURRENT_SOURCE_DIR}/mpi_same_output.cmake)
runs_on(mpi_guide 4)

if(TARGET digits_mpi)
  add_test(NAME mpi_digits COMMAND ${CMAKE_COMMAND} "-DCOMMAND=${mpiexec}"
    "-DPROGRAM=$<TARGET_FILE:digits_mpi>;--quiet;--epochs;5" "-DEXPECTED=test accuracy 0[.]9[0-9]*, weights "
    -P ${CMAKE_CURRENT_SOURCE_DIR}/mpi_same_output.cmake)
  runs_on(mpi_digits 4)
  add_test(NAME killed_ranks COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/killed_ranks.sh 5 $<TARGET_FILE:digits_mpi> ${mpiexec})
  runs_on(killed_ranks 4)
  add_test(NAME many_killed_ranks CONFIGURATIONS Long
    COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/killed_ranks.sh 50 $<TARGET_FILE:digits_mpi> ${mpiexec})
  runs_on(many_killed_ranks 4)
  set_tests_properties(many_killed_ranks PROPERTIES TIMEOUT 1000)
endif()
