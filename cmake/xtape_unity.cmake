# The files of a room are compiled as one, which takes a third of the time: most of a file's own is spent on headers that
# its neighbours include too. What nearly every room includes is compiled once. Without it a change to one file compiles
# sooner, and each file has to include what it uses.
option(XTAPE_UNITY_BUILD "Compile the files of a room together" ON)

function(xtape_compile_rooms_together target)
  get_target_property(sources ${target} SOURCES)
  foreach(source IN LISTS sources)
    cmake_path(GET source PARENT_PATH folder)
    cmake_path(GET folder FILENAME room)
    set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${room})
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${XTAPE_UNITY_BUILD} UNITY_BUILD_MODE GROUP)
  if(XTAPE_UNITY_BUILD)
    target_precompile_headers(${target} PRIVATE src/arrays/format.hpp include/xtape/autograd/recording.hpp)
  endif()
endfunction()

# Programs that include the same headers compile them once: the first of them does.
function(xtape_precompile_headers target)
  string(MAKE_C_IDENTIFIER "xtape_precompiled_${ARGN}" headers)
  get_property(first GLOBAL PROPERTY ${headers})
  if(NOT XTAPE_UNITY_BUILD)
    return()
  elseif(first)
    target_precompile_headers(${target} REUSE_FROM ${first})
  else()
    target_precompile_headers(${target} PRIVATE ${ARGN})
    set_property(GLOBAL PROPERTY ${headers} ${target})
  endif()
endfunction()

# GCC collects its garbage later where there is memory for it: with units of this size that takes a tenth of the time.
function(xtape_spend_memory_on_compiling)
  cmake_host_system_information(RESULT megabytes QUERY TOTAL_PHYSICAL_MEMORY)
  cmake_host_system_information(RESULT cores QUERY NUMBER_OF_LOGICAL_CORES)
  math(EXPR megabytes_of_core "${megabytes} / ${cores}")
  if(megabytes_of_core GREATER 4000)
    set(kilobytes_of_garbage $<$<COMPILE_LANG_AND_ID:CXX,GNU>:--param=ggc-min-heapsize=700000>)
    add_compile_options(${kilobytes_of_garbage})
    target_compile_options(xtape PRIVATE ${kilobytes_of_garbage})
  endif()
endfunction()
