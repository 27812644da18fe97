# The target `reference`: every public declaration, the README, the gallery and the guides as HTML.
find_package(Doxygen 1.9.4 QUIET)
find_path(XTAPE_KATEX katex.js PATH_SUFFIXES share/javascript/katex)
mark_as_advanced(XTAPE_KATEX)

if(NOT DOXYGEN_FOUND OR NOT XTAPE_KATEX)
  add_custom_target(reference
    COMMAND ${CMAKE_COMMAND} -E echo
      "The reference needs Doxygen 1.9.4 or newer, and KaTeX for its formulas: apt install doxygen libjs-katex"
    COMMAND ${CMAKE_COMMAND} -E false
    VERBATIM)
  return()
endif()

# build/reference for the presets; any other build folder keeps it to itself.
set(reference_parent ${PROJECT_BINARY_DIR})
cmake_path(GET PROJECT_BINARY_DIR PARENT_PATH build_parent)
if(build_parent STREQUAL "${PROJECT_SOURCE_DIR}/build")
  set(reference_parent ${build_parent})
endif()
set(reference_dir ${reference_parent}/reference)

set(work_dir ${PROJECT_BINARY_DIR}/doxygen)
configure_file(${CMAKE_CURRENT_LIST_DIR}/Doxyfile.in ${work_dir}/Doxyfile @ONLY)
add_custom_target(reference
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${reference_dir}
  COMMAND ${CMAKE_COMMAND} -DDOXYGEN=${DOXYGEN_EXECUTABLE} -DWORK_DIR=${work_dir} -P ${CMAKE_CURRENT_LIST_DIR}/prepare.cmake
  COMMAND ${DOXYGEN_EXECUTABLE} Doxyfile
  COMMAND ${CMAKE_COMMAND} -E make_directory ${reference_dir}/katex
  COMMAND ${CMAKE_COMMAND} -E copy
    ${XTAPE_KATEX}/katex.css ${XTAPE_KATEX}/katex.js ${XTAPE_KATEX}/contrib/auto-render.js ${reference_dir}/katex
  COMMAND ${CMAKE_COMMAND} -E copy_directory ${XTAPE_KATEX}/fonts ${reference_dir}/katex/fonts
  COMMAND ${CMAKE_COMMAND} -DSOURCE_DIR=${PROJECT_SOURCE_DIR} -DREFERENCE_DIR=${reference_dir}
    -P ${CMAKE_CURRENT_LIST_DIR}/check.cmake
  WORKING_DIRECTORY ${work_dir}
  VERBATIM)
