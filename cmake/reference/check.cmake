# cmake -DSOURCE_DIR=... -DREFERENCE_DIR=... -P check.cmake
# Doxygen says nothing where its filter fails: each folder of headers must have a page with declarations.
file(GLOB rooms RELATIVE ${SOURCE_DIR}/include/xtape ${SOURCE_DIR}/include/xtape/*/)
foreach(room IN LISTS rooms)
  if(IS_DIRECTORY ${SOURCE_DIR}/include/xtape/${room})
    file(STRINGS ${REFERENCE_DIR}/group__${room}.html declarations REGEX "memitem:|memItemRight" LIMIT_COUNT 1)
    if(NOT declarations)
      message(FATAL_ERROR "the reference must have the declarations of include/xtape/${room}, got none")
    endif()
  endif()
endforeach()
message("The reference is ${REFERENCE_DIR}/index.html")
