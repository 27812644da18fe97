# cmake -DGUIDE=reported_elsewhere.md -DTESTS=tests -P reported_elsewhere.cmake
# Every test that the guide names is there.

file(GLOB_RECURSE sources ${TESTS}/*_test.cpp ${TESTS}/every_*.cpp)
file(READ ${TESTS}/CMakeLists.txt tests) # Some are programs.
foreach(source IN LISTS sources)
  file(READ ${source} text)
  string(REGEX REPLACE "\"[ \n]+\"" "" text "${text}") # A name in several literals.
  string(APPEND tests "${text}")
endforeach()

file(STRINGS ${GUIDE} rows REGEX "^\\| [^-]")
list(POP_FRONT rows) # The heading.
set(missing "")
foreach(row IN LISTS rows)
  string(REGEX REPLACE "^.*\\| (.*) \\|$" "\\1" name "${row}")
  string(FIND "${tests}" "\"${name}" case)
  string(FIND "${tests}" "NAME ${name}" program)
  if(case EQUAL -1 AND program EQUAL -1)
    string(APPEND missing "\n  ${name}")
  endif()
endforeach()
list(LENGTH rows count)
if(missing OR count LESS 9)
  message(FATAL_ERROR "${GUIDE} names ${count} tests, of which these are not there:${missing}")
endif()
message("${count} tests are there")
