# The library xtape::onnx: models in the ONNX format, by Protocol Buffers. XTAPE_ONNX=ON insists on it, OFF does not look for
# them.
set(XTAPE_ONNX AUTO CACHE STRING "Build xtape::onnx, for models in the ONNX format: ON, OFF, or AUTO, where there is protobuf")
set_property(CACHE XTAPE_ONNX PROPERTY STRINGS AUTO ON OFF)
if(NOT XTAPE_ONNX STREQUAL "AUTO" AND NOT XTAPE_ONNX)
  return()
endif()

# Config first: from version 22 on a protobuf needs libraries that only its own config knows. Debian's has none until then.
find_package(Protobuf QUIET CONFIG)
if(NOT Protobuf_FOUND)
  find_package(Protobuf 3.12 QUIET MODULE)
endif()
if(NOT Protobuf_FOUND OR NOT TARGET protobuf::libprotobuf-lite OR NOT TARGET protobuf::protoc)
  if(XTAPE_ONNX STREQUAL "AUTO")
    message(STATUS "xtape leaves out xtape::onnx, which needs Protocol Buffers (Debian: libprotobuf-dev protobuf-compiler)")
    return()
  endif()
  message(FATAL_ERROR
    "XTAPE_ONNX is ${XTAPE_ONNX} and needs Protocol Buffers 3.12, and CMake finds none. On Debian and Ubuntu: apt install "
    "libprotobuf-dev protobuf-compiler; elsewhere set CMAKE_PREFIX_PATH to where they are.")
endif()

set(xtape_onnx_schema_dir ${PROJECT_BINARY_DIR}/xtape_onnx)
file(MAKE_DIRECTORY ${xtape_onnx_schema_dir})
add_custom_command(OUTPUT ${xtape_onnx_schema_dir}/onnx.pb.cc ${xtape_onnx_schema_dir}/onnx.pb.h
  COMMAND protobuf::protoc --cpp_out ${xtape_onnx_schema_dir} -I ${PROJECT_SOURCE_DIR}/src/onnx onnx.proto
  DEPENDS ${PROJECT_SOURCE_DIR}/src/onnx/onnx.proto protobuf::protoc
  VERBATIM)

file(GLOB xtape_onnx_sources CONFIGURE_DEPENDS src/onnx/*.cpp)
if(BUILD_SHARED_LIBS) # What a shared xtape hides.
  list(APPEND xtape_onnx_sources src/files/atomic_file.cpp src/files/byte_reader.cpp src/files/directory.cpp
    src/files/system_calls.cpp src/io/json.cpp src/io/model_json.cpp)
endif()
add_library(xtape_onnx ${xtape_onnx_sources} ${xtape_onnx_schema_dir}/onnx.pb.cc)
add_library(xtape::onnx ALIAS xtape_onnx)
target_sources(xtape_onnx PUBLIC FILE_SET HEADERS BASE_DIRS include FILES ${xtape_onnx_headers})
target_include_directories(xtape_onnx PRIVATE src)
target_include_directories(xtape_onnx SYSTEM PRIVATE ${xtape_onnx_schema_dir})
target_link_libraries(xtape_onnx PUBLIC xtape
  PRIVATE ${linked_fmt} protobuf::libprotobuf-lite $<BUILD_INTERFACE:nlohmann_json::nlohmann_json>)
if(PROJECT_IS_TOP_LEVEL)
  target_compile_options(xtape_onnx PRIVATE -Wall -Wextra -Wpedantic -Wconversion)
endif()
# Generated code is compiled as its makers want it.
set_source_files_properties(${xtape_onnx_schema_dir}/onnx.pb.cc PROPERTIES COMPILE_OPTIONS -w)
if(BUILD_SHARED_LIBS)
  xtape_export_only_own(xtape_onnx)
endif()
set_target_properties(xtape_onnx PROPERTIES
  EXPORT_NAME onnx
  VERSION ${PROJECT_VERSION}
  SOVERSION ${xtape_soversion}
  POSITION_INDEPENDENT_CODE ON
  CXX_VISIBILITY_PRESET hidden
  VISIBILITY_INLINES_HIDDEN ON
  DEFINE_SYMBOL "")
