# cmake -DNM=nm -DSIMD=avx512 -DOBJECT=kernel_table.cpp.o -P kernel_symbols.cmake
# Kernels for newer processors must define nothing that the linker could take for the same of other code: but for
# their table, only what names its instruction set.
execute_process(COMMAND ${NM} --defined-only --extern-only --format=posix ${OBJECT}
  OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
string(REGEX REPLACE " [^\n]*" "" symbols "${output}")
string(STRIP "${symbols}" symbols)
string(REPLACE "\n" ";" symbols "${symbols}")
if(NOT symbols MATCHES "xtape7kernels[0-9]${SIMD}12kernel_tableE")
  message(FATAL_ERROR "${OBJECT} has no table: ${symbols}")
endif()
foreach(symbol IN LISTS symbols)
  if(NOT symbol MATCHES "xtape7kernels[0-9]${SIMD}12kernel_tableE|avx")
    message(FATAL_ERROR "${OBJECT} defines ${symbol}")
  endif()
endforeach()
