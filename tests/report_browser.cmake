# cmake -DPROGRAM=report_browser -DWORK_DIR=dir -P report_browser.cmake
# Opens the reports that the program writes in a browser without a screen: each page must stand in its document, and
# leave more than a blank picture.
find_program(BROWSER NAMES chromium google-chrome google-chrome-stable chromium-browser)
if(NOT BROWSER)
  message("skipped: neither chromium nor google-chrome is installed")
  return()
endif()
file(REMOVE_RECURSE ${WORK_DIR})
file(MAKE_DIRECTORY ${WORK_DIR})

set(flags --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
  --disable-component-update --disable-sync --hide-scrollbars)
# open(KIND NAME FLAG...): what the browser prints of the report of a kind goes to NAME, with a profile of its own.
function(open kind name)
  execute_process(COMMAND ${BROWSER} ${flags} --user-data-dir=${WORK_DIR}/${name}_profile ${ARGN}
    file://${WORK_DIR}/${kind}.html
    OUTPUT_FILE ${WORK_DIR}/${name} ERROR_FILE ${WORK_DIR}/${name}.log TIMEOUT 120 RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    file(READ ${WORK_DIR}/${name}.log log)
    message(FATAL_ERROR "${BROWSER} ${ARGN}: ${result}\n${log}")
  endif()
endfunction()

# check(KIND FIGURES PART...): the report of a kind has so many SVGs, and holds those parts and what all do.
function(check kind figures)
  execute_process(COMMAND ${PROGRAM} ${kind} ${WORK_DIR}/${kind}.html COMMAND_ERROR_IS_FATAL ANY)
  open(${kind} ${kind}_dom --dump-dom)
  file(READ ${WORK_DIR}/${kind}_dom dom)
  foreach(part IN ITEMS
      "<h1>Noise &amp; &lt;signal&gt;</h1>"
      "<title id=\"loss-curve-title\">Loss</title>"
      "<title id=\"learning-rate-curve-title\">Learning rate</title>"
      "<polyline class=\"validation\""
      "<pre tabindex=\"0\">total  1,234</pre>"
      LISTS ARGN)
    string(FIND "${dom}" "${part}" place)
    if(place EQUAL -1)
      message(FATAL_ERROR "${WORK_DIR}/${kind}_dom does not hold ${part}")
    endif()
  endforeach()
  string(REGEX MATCHALL "<svg " found "${dom}")
  list(LENGTH found count)
  if(NOT count EQUAL figures)
    message(FATAL_ERROR "${WORK_DIR}/${kind}_dom has ${count} SVGs instead of ${figures}")
  endif()

  open(${kind} ${kind}_screen --window-size=1200,2600 --screenshot=${WORK_DIR}/${kind}.png)
  file(READ ${WORK_DIR}/${kind}.png head LIMIT 24 HEX)
  file(SIZE ${WORK_DIR}/${kind}.png bytes)
  # The signature of PNG, and a header of 1200 by 2600.
  if(NOT head MATCHES "^89504e470d0a1a0a........49484452000004b000000a28$" OR bytes LESS 60000)
    message(FATAL_ERROR "${WORK_DIR}/${kind}.png is no picture of the page: ${bytes} bytes, ${head}")
  endif()
  message("${kind}: ${count} figures, a picture of ${bytes} bytes")
endfunction()

check(classes 29 # 5 figures and 24 pictures
  "<dt>Accuracy</dt><dd>"
  "<title id=\"accuracy-curve-title\">Accuracy</title>"
  "<title id=\"confusion-title\">Confusion matrix</title>"
  "<title id=\"reliability-title\">Reliability diagram</title>"
  ">douglas fir</text>")
check(labels 6
  "<dt>All labels right</dt><dd>"
  "<title id=\"metric-1-curve-title\">Hamming loss</title>"
  "<th scope=\"row\">douglas fir</th>")
check(answers 9
  "<dt>ROC AUC</dt><dd>"
  "<title id=\"roc-title\">ROC curve</title>"
  "<title id=\"precision-recall-title\">Precision-recall curve</title>"
  "<title id=\"reliability-title\">Reliability diagram</title>"
  "<h2 id=\"thresholds-heading\">Thresholds</h2>")
check(numbers 6
  "<title id=\"metric-1-curve-title\">R²</title>"
  "<circle class=\"mark\""
  "<title id=\"errors-plot-title\">Distribution of the errors</title>")
check(pairs 8
  "<th scope=\"row\">price</th>"
  "<title id=\"scatter-2-plot-title\">Predicted against true: age</title>")
check(many_numbers 6
  "<path class=\"right\" fill-opacity=\"1\"")
