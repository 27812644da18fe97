# Debian packages by cpack: libxtape0.1 with the shared library, and libxtape-dev with what programs are compiled with.
#   cmake --preset package && cmake --build --preset package && cpack --preset package
# tests/packaging.sh makes them and tries them.
set(XTAPE_PACKAGE_MAINTAINER "The xtape authors <xtape@example.org>" CACHE STRING "Name <address> for a package to carry")
mark_as_advanced(XTAPE_PACKAGE_MAINTAINER)

set(debian_dir ${PROJECT_BINARY_DIR}/debian)
set(library_package libxtape${xtape_soversion})
set(headers_package libxtape-dev)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME libxtape)
set(CPACK_PACKAGE_VENDOR "the xtape authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # Which would come before that of each package.
set(CPACK_PACKAGE_CONTACT ${XTAPE_PACKAGE_MAINTAINER})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL runtime development) # The license is in their copyright files.
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)

set(CPACK_DEBIAN_PACKAGE_RELEASE 0xtape1) # Older than a package of Debian's own would be.
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SOURCE libxtape)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(about "It records operations on arrays and walks them backwards for gradients. It has
cross-entropy losses that lose no precision, layers, optimizers, metrics, and
readers of data files.")

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME ${library_package})
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_RUNTIME_DESCRIPTION "automatic differentiation for xtensor arrays - shared library\n${about}\n\n\
This package contains the shared library.")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA ${debian_dir}/shlibs ${debian_dir}/triggers)

# xtensor's headers are ours too; all else is in the shared library.
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME ${headers_package})
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
  "${library_package} (= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}), libxtensor-dev (>= 0.24)")
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION "automatic differentiation for xtensor arrays - development files\n${about}\n\n\
This package contains the headers and what CMake and pkg-config need to know.")

# The trigger is what policy wants. (CPack adds scripts that call ldconfig, unasked, and lintian warns of them.)
file(CONFIGURE OUTPUT ${debian_dir}/shlibs CONTENT "libxtape ${xtape_soversion} ${library_package} (>= ${PROJECT_VERSION})\n")
file(CONFIGURE OUTPUT ${debian_dir}/triggers CONTENT "activate-noawait ldconfig\n")

# What policy asks of every package.
file(READ ${PROJECT_SOURCE_DIR}/LICENSE license_text)
string(REGEX REPLACE "^BSD 3-Clause License\n\nCopyright[^\n]*\n\n" "" license_text "${license_text}")
string(STRIP "${license_text}" license_text)
string(REGEX REPLACE "\n\n" "\n.\n" license_text "${license_text}")
string(REPLACE "\n" "\n " license_text " ${license_text}")
configure_file(${CMAKE_CURRENT_LIST_DIR}/debian/copyright.in ${debian_dir}/copyright @ONLY)
string(TIMESTAMP changelog_date "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(${CMAKE_CURRENT_LIST_DIR}/debian/changelog.in ${debian_dir}/changelog.Debian @ONLY)
find_program(XTAPE_GZIP gzip)
mark_as_advanced(XTAPE_GZIP)
if(XTAPE_GZIP)
  execute_process(COMMAND ${XTAPE_GZIP} -9nf ${debian_dir}/changelog.Debian COMMAND_ERROR_IS_FATAL ANY)
endif()
foreach(package library headers)
  set(component runtime)
  if(package STREQUAL headers)
    set(component development)
  endif()
  install(FILES ${debian_dir}/copyright ${debian_dir}/changelog.Debian.gz
    DESTINATION share/doc/${${package}_package} COMPONENT ${component} EXCLUDE_FROM_ALL)
endforeach()

install(FILES ${PROJECT_SOURCE_DIR}/README.md DESTINATION share/doc/${headers_package} COMPONENT development EXCLUDE_FROM_ALL)

include(CPack)
