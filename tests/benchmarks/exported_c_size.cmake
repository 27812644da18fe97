# cmake -DPROGRAM=exported_c_size -DWORK_DIR=dir -P exported_c_size.cmake
# What models of the samples take in read-only memory as C, beside their parameters and libm: for this machine, and for
# ARM where a compiler for it is installed.
file(MAKE_DIRECTORY ${WORK_DIR})
execute_process(COMMAND ${PROGRAM} ${WORK_DIR} OUTPUT_VARIABLE models COMMAND_ERROR_IS_FATAL ANY)
string(STRIP "${models}" models)
string(REPLACE "\n" ";" models "${models}")

# print_sizes(PREFIX FLAG...): a line for each model, as the compiler of that prefix makes it.
function(print_sizes prefix)
  find_program(compiler_${prefix} ${prefix}gcc)
  find_program(size_${prefix} ${prefix}size)
  if(NOT compiler_${prefix} OR NOT size_${prefix})
    message("${prefix}gcc is not installed")
    return()
  endif()
  message("${prefix}gcc -Os ${ARGN}\n  model             .text + .rodata   parameters   difference   workspace")
  foreach(model IN LISTS models)
    string(REGEX MATCH "^([^ ]+) ([0-9]+) ([0-9]+)$" model "${model}")
    set(name ${CMAKE_MATCH_1})
    set(parameters ${CMAKE_MATCH_2})
    set(workspace ${CMAKE_MATCH_3})
    execute_process(COMMAND ${compiler_${prefix}} -std=c99 -Os ${ARGN} -c ${name}.c -o ${name}.o
      WORKING_DIRECTORY ${WORK_DIR} COMMAND_ERROR_IS_FATAL ANY)
    execute_process(COMMAND ${size_${prefix}} -A ${name}.o OUTPUT_VARIABLE sections
      WORKING_DIRECTORY ${WORK_DIR} COMMAND_ERROR_IS_FATAL ANY)
    string(REGEX MATCHALL "\n\\.(text|rodata)[^ ]* +[0-9]+" sections "${sections}")
    set(flash 0)
    foreach(section IN LISTS sections)
      string(REGEX MATCH "[0-9]+$" bytes "${section}")
      math(EXPR flash "${flash} + ${bytes}")
    endforeach()
    math(EXPR difference "${flash} - ${parameters}")
    set(line "  ${name}")
    foreach(cell 33:${flash} 46:${parameters} 59:${difference} 71:${workspace}) # so far right
      string(REGEX MATCH "(.*):(.*)" cell ${cell})
      string(LENGTH "${line}${CMAKE_MATCH_2}" length)
      math(EXPR gap "${CMAKE_MATCH_1} - ${length}")
      string(REPEAT " " ${gap} gap)
      string(APPEND line "${gap}${CMAKE_MATCH_2}")
    endforeach()
    message("${line}")
  endforeach()
endfunction()

print_sizes("")
print_sizes(arm-linux-gnueabihf- -mthumb)
print_sizes(arm-none-eabi- -mthumb -mcpu=cortex-m4)
