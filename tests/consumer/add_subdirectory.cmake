# Inside another project, which is configured, and installs nothing that it was not asked for. fetch_content builds one.
run(${configure} -DCMAKE_BUILD_TYPE=Debug -DXTAPE=${SOURCE_DIR})
file(READ ${WORK_DIR}/build/xtape/cmake_install.cmake install)
if(install MATCHES "file\\(INSTALL")
  message(FATAL_ERROR "xtape should not be installed with a project that did not ask for it")
endif()
