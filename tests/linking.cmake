# Programs and projects outside, linked with xtape in every way there is. Not under sanitizers, where they take long and
# show nothing more.
if(CMAKE_CXX_FLAGS MATCHES "sanitize")
  return()
endif()

# A shared library, of the same object files where the build makes a static one.
set(xtape_shared xtape)
if(NOT BUILD_SHARED_LIBS)
  set(xtape_shared xtape_shared)
  add_library(xtape_shared SHARED ${xtape_objects})
  target_link_libraries(xtape_shared PRIVATE ${xtape_libraries})
  set_target_properties(xtape_shared PROPERTIES LINKER_LANGUAGE CXX)
  xtape_export_only_own(xtape_shared)

  add_executable(crosses_border consumer/crosses_border.cpp)
  target_compile_features(crosses_border PRIVATE cxx_std_20)
  target_compile_options(crosses_border PRIVATE -O0 $<TARGET_PROPERTY:xtape,INTERFACE_COMPILE_OPTIONS>)
  target_include_directories(crosses_border PRIVATE ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(crosses_border PRIVATE xtape_shared xtensor)
  add_test(NAME linking_shared COMMAND crosses_border)
  set_tests_properties(linking_shared PROPERTIES PASS_REGULAR_EXPRESSION "^Doubled: caught\n$")
endif()
if(CMAKE_NM AND XTAPE_LINKER_HAS_VERSION_SCRIPTS)
  add_test(NAME exported_symbols COMMAND ${CMAKE_COMMAND} -DNM=${CMAKE_NM} -DLIBRARY=$<TARGET_FILE:${xtape_shared}>
    -DHEADERS=${PROJECT_SOURCE_DIR}/include
    "-DOBJECTS=$<FILTER:$<TARGET_OBJECTS:xtape_tests>,EXCLUDE,xtape_tests.dir/.*(rooms|cmake_pch)>" -P ${CMAKE_CURRENT_SOURCE_DIR}/exported_symbols.cmake)
endif()

foreach(method find_package pkg_config add_subdirectory fetch_content)
  set(configurations "")
  if(method STREQUAL fetch_content) # Compiles the library once more: ctest --build-config Long
    set(configurations CONFIGURATIONS Long)
  endif()
  add_test(NAME consumer_${method} ${configurations} COMMAND ${CMAKE_COMMAND}
    -DMETHOD=${method} -DSOURCE_DIR=${PROJECT_SOURCE_DIR} -DBUILD_DIR=${PROJECT_BINARY_DIR}
    -DWORK_DIR=${CMAKE_CURRENT_BINARY_DIR}/consumer_${method} -DGENERATOR=${CMAKE_GENERATOR}
    -DCOMPILER=${CMAKE_CXX_COMPILER} -DCOMPILER_FLAGS=${CMAKE_CXX_FLAGS} -DLIBDIR=${CMAKE_INSTALL_LIBDIR}
    -DMPI=$<TARGET_EXISTS:xtape_mpi> -DONNX=$<TARGET_EXISTS:xtape_onnx>
    -DTOOLCHAIN=${CMAKE_TOOLCHAIN_FILE} -DEMULATOR=${CMAKE_CROSSCOMPILING_EMULATOR}
    -P ${CMAKE_CURRENT_SOURCE_DIR}/consumer/test.cmake)
  # They build, and so begin first.
  set_tests_properties(consumer_${method} PROPERTIES SKIP_REGULAR_EXPRESSION "skipped:" COST 10)
endforeach()
