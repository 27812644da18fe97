# cmake -DNM=nm -DSIMD=avx512 "-DOBJECTS=gelu.cpp.o;sgd.cpp.o;..." -P kernel_symbols.cmake
# Kernels for newer processors must define nothing that the linker could take for the same of other code: but for the
# functions of kernels for this kind of processor, of which the name has the number, only what names its instruction set.
set(number_avx2 2)
set(number_avx512 3)
set(kernel "_ZN5xtape7kernels8CompiledILNS0_9ProcessorE${number_${SIMD}}E[^;]*E9functionsEv")
foreach(object IN LISTS OBJECTS)
  execute_process(COMMAND ${NM} --defined-only --extern-only --format=posix ${object}
    OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX REPLACE " [^\n]*" "" symbols "${output}")
  string(STRIP "${symbols}" symbols)
  string(REPLACE "\n" ";" symbols "${symbols}")
  if(NOT symbols MATCHES "${kernel}")
    message(FATAL_ERROR "${object} has no kernel: ${symbols}")
  endif()
  foreach(symbol IN LISTS symbols)
    if(NOT symbol MATCHES "^${kernel}$|avx")
      message(FATAL_ERROR "${object} defines ${symbol}")
    endif()
  endforeach()
endforeach()
