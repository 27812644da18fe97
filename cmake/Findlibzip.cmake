# The target libzip::zip. libzip's own package config stops where its command-line tools are not installed, as they are
# not with Debian's libzip-dev.
find_path(LIBZIP_INCLUDE_DIR zip.h)
find_library(LIBZIP_LIBRARY zip)
mark_as_advanced(LIBZIP_INCLUDE_DIR LIBZIP_LIBRARY)

if(LIBZIP_INCLUDE_DIR)
  # A folder of its own on some systems.
  find_path(LIBZIP_CONFIG_INCLUDE_DIR zipconf.h HINTS ${LIBZIP_INCLUDE_DIR})
  mark_as_advanced(LIBZIP_CONFIG_INCLUDE_DIR)
endif()
if(LIBZIP_CONFIG_INCLUDE_DIR)
  file(STRINGS ${LIBZIP_CONFIG_INCLUDE_DIR}/zipconf.h libzip_VERSION REGEX "#define LIBZIP_VERSION \"")
  string(REGEX REPLACE ".*\"(.*)\".*" "\\1" libzip_VERSION "${libzip_VERSION}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(libzip
  REQUIRED_VARS LIBZIP_LIBRARY LIBZIP_INCLUDE_DIR LIBZIP_CONFIG_INCLUDE_DIR VERSION_VAR libzip_VERSION)

if(libzip_FOUND AND NOT TARGET libzip::zip)
  add_library(libzip::zip UNKNOWN IMPORTED)
  set_target_properties(libzip::zip PROPERTIES
    IMPORTED_LOCATION ${LIBZIP_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES "${LIBZIP_INCLUDE_DIR};${LIBZIP_CONFIG_INCLUDE_DIR}")
endif()
