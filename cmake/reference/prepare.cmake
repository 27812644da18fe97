# cmake -DDOXYGEN=... -DWORK_DIR=... -P prepare.cmake
# Header and layout are those of the Doxygen at hand, as they differ from version to version, with a few changes.
execute_process(COMMAND ${DOXYGEN} -w html header.html footer.html style.css WORKING_DIRECTORY ${WORK_DIR}
  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${DOXYGEN} -l layout.xml WORKING_DIRECTORY ${WORK_DIR}
  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)

file(READ ${CMAKE_CURRENT_LIST_DIR}/formulas.html formulas)
file(READ ${WORK_DIR}/header.html header)
string(REPLACE "$mathjax" "${formulas}" header "${header}")
file(WRITE ${WORK_DIR}/header.html "${header}")

file(READ ${WORK_DIR}/layout.xml layout)
string(REPLACE [[<tab type="mainpage" visible="yes" title=""]] [[<tab type="mainpage" visible="yes" title="Start"]]
  layout "${layout}")
string(REPLACE [[<tab type="pages" visible="yes" title="" intro=""]]
  [[<tab type="pages" visible="yes" title="Guides" intro="How to do what, by example."]] layout "${layout}")
set(groups modules) # In newer versions these are C++'s.
if(layout MATCHES "<tab type=\"topics\"")
  set(groups topics)
endif()
string(REPLACE "<tab type=\"${groups}\" visible=\"yes\" title=\"\" intro=\"\""
  "<tab type=\"${groups}\" visible=\"yes\" title=\"Rooms\" intro=\"Everything public, by the room it is in.\""
  layout "${layout}")
string(REPLACE [[<tab type="concepts" visible="yes"]] [[<tab type="concepts" visible="no"]] layout "${layout}")
string(REPLACE [[<tab type="classes" visible="yes" title=""]] [[<tab type="classes" visible="yes" title="Types"]]
  layout "${layout}")

# A room says first what it holds, and functions come before their options.
function(cut text mark begin end)
  string(FIND "${${text}}" "${mark}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "the layout of this Doxygen must have ${mark}")
  endif()
  string(SUBSTRING "${${text}}" 0 ${at} head)
  string(SUBSTRING "${${text}}" ${at} -1 tail)
  set(${begin} "${head}" PARENT_SCOPE)
  set(${end} "${tail}" PARENT_SCOPE)
endfunction()
cut(layout "<group>" before_group rest)
cut(rest "</group>" group after_group)
cut(group "</memberdecl>" declarations definitions)
string(REGEX MATCH "<detaileddescription [^>]*>" description "${definitions}")
string(REGEX MATCH "<functions [^>]*>" functions "${declarations}")
string(REGEX MATCH "<membergroups [^>]*>" membergroups "${declarations}")
string(REPLACE "${description}" "" definitions "${definitions}")
string(REPLACE "${functions}" "" declarations "${declarations}")
string(REPLACE "${membergroups}" "" declarations "${declarations}")
string(REPLACE [[title=""]] [[title="What it holds"]] description "${description}")
string(REGEX REPLACE "<briefdescription [^>]*>" "${description}<briefdescription visible=\"no\"/>" declarations "${declarations}")
string(REPLACE "<memberdecl>" "<memberdecl>${functions}${membergroups}" declarations "${declarations}")
set(layout "${before_group}${declarations}${definitions}${after_group}")
file(WRITE ${WORK_DIR}/layout.xml "${layout}")
