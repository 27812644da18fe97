# cmake -DPROGRAM=exported_c -DDATA=digits.csv -DWORK_DIR=dir -DCOMPILERS=gcc;clang [-DEMULATOR=qemu-arm -DFLAGS=-static]
#   -P exported_c.cmake
# Exports models by the program, compiles the C by the first of the compilers that there is, without a warning, and runs
# it: what it gives must be what the models give.
find_program(C_COMPILER NAMES ${COMPILERS})
if(NOT C_COMPILER)
  message("skipped: none of ${COMPILERS} is installed")
  return()
endif()
set(runner "")
if(EMULATOR)
  find_program(C_EMULATOR ${EMULATOR})
  if(NOT C_EMULATOR)
    message("skipped: ${EMULATOR} is not installed")
    return()
  endif()
  set(runner ${C_EMULATOR})
endif()
file(REMOVE_RECURSE ${WORK_DIR})
file(MAKE_DIRECTORY ${WORK_DIR})
execute_process(COMMAND ${PROGRAM} ${WORK_DIR} ${DATA} COMMAND_ERROR_IS_FATAL ANY)

set(flags -std=c99 -Wall -Wextra -pedantic -Wconversion -Werror ${FLAGS})
file(GLOB exported RELATIVE ${WORK_DIR} ${WORK_DIR}/model_*.c ${WORK_DIR}/digits*.c)
file(GLOB parts RELATIVE ${WORK_DIR} ${WORK_DIR}/part_*.c)
list(LENGTH exported count)
if(count LESS 50)
  message(FATAL_ERROR "${WORK_DIR} has ${count} models")
endif()
# Without their self-tests, and with them.
execute_process(COMMAND ${C_COMPILER} ${flags} -fsyntax-only ${exported}
  WORKING_DIRECTORY ${WORK_DIR} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${C_COMPILER} ${flags} -O1 ${parts} all.c -o all -lm
  WORKING_DIRECTORY ${WORK_DIR} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${runner} ${WORK_DIR}/all OUTPUT_VARIABLE output RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${C_COMPILER}: ${result}\n${output}")
endif()
string(REGEX MATCH "digits: [^\n]*\n[^\n]*\n$" end "${output}")
message("${C_COMPILER}: ${end}")
