# cmake -DPROGRAM=report_browser -DWORK_DIR=dir -P report_browser.cmake
# Opens the report that the program writes in a browser without a screen: the page must stand in its document, and
# leave more than a blank picture.
find_program(BROWSER NAMES chromium google-chrome google-chrome-stable chromium-browser)
if(NOT BROWSER)
  message("skipped: neither chromium nor google-chrome is installed")
  return()
endif()
file(REMOVE_RECURSE ${WORK_DIR})
file(MAKE_DIRECTORY ${WORK_DIR})
execute_process(COMMAND ${PROGRAM} ${WORK_DIR}/report.html COMMAND_ERROR_IS_FATAL ANY)

set(flags --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
  --disable-component-update --disable-sync --hide-scrollbars)
# open(NAME FLAG...): what the browser prints goes to NAME, with a profile of its own.
function(open name)
  execute_process(COMMAND ${BROWSER} ${flags} --user-data-dir=${WORK_DIR}/${name}_profile ${ARGN}
    file://${WORK_DIR}/report.html
    OUTPUT_FILE ${WORK_DIR}/${name} ERROR_FILE ${WORK_DIR}/${name}.log TIMEOUT 120 RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    file(READ ${WORK_DIR}/${name}.log log)
    message(FATAL_ERROR "${BROWSER} ${ARGN}: ${result}\n${log}")
  endif()
endfunction()

open(dom --dump-dom)
file(READ ${WORK_DIR}/dom dom)
foreach(part IN ITEMS
    "<h1>Noise &amp; &lt;signal&gt;</h1>"
    "<dt>Accuracy</dt><dd>"
    "<title id=\"loss-curve-title\">Loss</title>"
    "<title id=\"accuracy-curve-title\">Accuracy</title>"
    "<title id=\"learning-rate-curve-title\">Learning rate</title>"
    "<title id=\"confusion-title\">Confusion matrix</title>"
    "<title id=\"reliability-title\">Reliability diagram</title>"
    ">douglas fir</text>"
    "<polyline class=\"validation\""
    "<pre tabindex=\"0\">total  1,234</pre>")
  string(FIND "${dom}" "${part}" place)
  if(place EQUAL -1)
    message(FATAL_ERROR "${WORK_DIR}/dom does not hold ${part}")
  endif()
endforeach()
string(REGEX MATCHALL "<svg " figures "${dom}")
list(LENGTH figures count)
if(NOT count EQUAL 29)  # 5 figures and 24 pictures
  message(FATAL_ERROR "${WORK_DIR}/dom has ${count} SVGs instead of 29")
endif()

open(screen --window-size=1200,2600 --screenshot=${WORK_DIR}/report.png)
file(READ ${WORK_DIR}/report.png head LIMIT 24 HEX)
file(SIZE ${WORK_DIR}/report.png bytes)
# The signature of PNG, and a header of 1200 by 2600.
if(NOT head MATCHES "^89504e470d0a1a0a........49484452000004b000000a28$" OR bytes LESS 60000)
  message(FATAL_ERROR "${WORK_DIR}/report.png is no picture of the page: ${bytes} bytes, ${head}")
endif()
message("${count} figures, a picture of ${bytes} bytes")
