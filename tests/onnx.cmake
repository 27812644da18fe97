# Models in the ONNX format.
if(NOT TARGET xtape_onnx)
  message(STATUS "xtape leaves out the tests of models in the ONNX format, onnx_...: XTAPE_ONNX is OFF, or there is no protobuf")
  return()
endif()

# It sees the private rooms, which a shared library hides.
add_executable(onnx_tests onnx_test.cpp)
target_sources(onnx_tests PRIVATE $<TARGET_OBJECTS:xtape_onnx>)
target_include_directories(onnx_tests PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_include_directories(onnx_tests SYSTEM PRIVATE ${xtape_onnx_schema_dir})
target_link_libraries(onnx_tests PRIVATE xtape::xtape tests_main protobuf::libprotobuf-lite
  nlohmann_json::nlohmann_json ${xtape_fmt})
# GCC 12 thinks that of headers of Protocol Buffers.
target_compile_options(onnx_tests PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
add_dependencies(onnx_tests xtape_onnx)
add_test(NAME onnx_test COMMAND onnx_tests --order rand --rng-seed time --warn NoAssertions
  WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}) # For tests/data.
if(EXISTS /dev/shm) # Where no file waits for a disk.
  set_tests_properties(onnx_test PROPERTIES ENVIRONMENT TMPDIR=/dev/shm)
endif()

# What other people's programs say of the files.
add_executable(onnx_interchange onnx_interchange.cpp)
target_link_libraries(onnx_interchange PRIVATE xtape::onnx)
xtape_precompile_headers(onnx_interchange <xtape/xtape.hpp>)
set(onnx_modules "")
if(XTAPE_PYTHON)
  foreach(module onnx onnxruntime)
    execute_process(COMMAND ${XTAPE_PYTHON} -c "import ${module}" RESULT_VARIABLE missing OUTPUT_QUIET ERROR_QUIET)
    if(missing EQUAL 0)
      list(APPEND onnx_modules ${module})
    endif()
  endforeach()
endif()
if(onnx_modules)
  add_test(NAME onnx_interchange COMMAND ${XTAPE_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/onnx_interchange.py
    $<TARGET_FILE:onnx_interchange>)
else()
  message(STATUS "xtape leaves out the test onnx_interchange, which needs python3-onnx or python3-onnxruntime")
endif()
