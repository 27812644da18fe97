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

# Header and layout are those of the Doxygen at hand, as they differ from version to version, with a few changes.
set(work_dir ${PROJECT_BINARY_DIR}/doxygen)
file(MAKE_DIRECTORY ${work_dir})
execute_process(COMMAND ${DOXYGEN_EXECUTABLE} -w html header.html footer.html style.css WORKING_DIRECTORY ${work_dir}
  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${DOXYGEN_EXECUTABLE} -l layout.xml WORKING_DIRECTORY ${work_dir}
  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)

file(READ ${CMAKE_CURRENT_LIST_DIR}/formulas.html formulas)
file(READ ${work_dir}/header.html header)
string(REPLACE "$mathjax" "${formulas}" header "${header}")
file(WRITE ${work_dir}/header.html "${header}")

file(READ ${work_dir}/layout.xml layout)
string(REPLACE [[<tab type="mainpage" visible="yes" title=""]] [[<tab type="mainpage" visible="yes" title="Start"]]
  layout "${layout}")
string(REPLACE [[<tab type="pages" visible="yes" title="" intro=""]]
  [[<tab type="pages" visible="yes" title="Guides" intro="How to do what, by example."]] layout "${layout}")
foreach(groups modules topics)
  string(REPLACE "<tab type=\"${groups}\" visible=\"yes\" title=\"\" intro=\"\""
    "<tab type=\"${groups}\" visible=\"yes\" title=\"Rooms\" intro=\"Everything public, by the room it is in.\""
    layout "${layout}")
endforeach()
string(REPLACE [[<tab type="concepts" visible="yes"]] [[<tab type="concepts" visible="no"]] layout "${layout}")
string(REPLACE [[<tab type="classes" visible="yes" title=""]] [[<tab type="classes" visible="yes" title="Types"]]
  layout "${layout}")
# A room says first what it holds, and functions come before their options.
function(cut text mark begin end)
  string(FIND "${${text}}" "${mark}" at)
  string(SUBSTRING "${${text}}" 0 ${at} head)
  string(SUBSTRING "${${text}}" ${at} -1 tail)
  set(${begin} "${head}" PARENT_SCOPE)
  set(${end} "${tail}" PARENT_SCOPE)
endfunction()
cut(layout "<group>" before_group rest)
cut(rest "</group>" group after_group)
cut(group "</memberdecl>" declarations definitions)
string(REGEX REPLACE "<briefdescription [^>]*>" "<detaileddescription title=\"What it holds\"/>" declarations "${declarations}")
string(REGEX REPLACE "<(functions|membergroups) [^>]*>" "" declarations "${declarations}")
string(REPLACE "<memberdecl>" "<memberdecl><functions title=\"\"/><membergroups visible=\"yes\"/>" declarations "${declarations}")
string(REGEX REPLACE "<detaileddescription [^>]*>" "" definitions "${definitions}")
set(layout "${before_group}${declarations}${definitions}${after_group}")
file(WRITE ${work_dir}/layout.xml "${layout}")

configure_file(${CMAKE_CURRENT_LIST_DIR}/Doxyfile.in ${work_dir}/Doxyfile @ONLY)
add_custom_target(reference
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${reference_dir}
  COMMAND ${DOXYGEN_EXECUTABLE} Doxyfile
  COMMAND ${CMAKE_COMMAND} -E make_directory ${reference_dir}/katex
  COMMAND ${CMAKE_COMMAND} -E copy
    ${XTAPE_KATEX}/katex.css ${XTAPE_KATEX}/katex.js ${XTAPE_KATEX}/contrib/auto-render.js ${reference_dir}/katex
  COMMAND ${CMAKE_COMMAND} -E copy_directory ${XTAPE_KATEX}/fonts ${reference_dir}/katex/fonts
  COMMAND ${CMAKE_COMMAND} -E echo "The reference is ${reference_dir}/index.html"
  WORKING_DIRECTORY ${work_dir}
  VERBATIM)
