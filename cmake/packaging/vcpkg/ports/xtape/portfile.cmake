# The sources are those that this port lies among.
cmake_path(SET SOURCE_PATH NORMALIZE "${CMAKE_CURRENT_LIST_DIR}/../../../../..")

# Config first, for vcpkg's static libzip needs libraries that only its own config knows.
vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS
    -DCMAKE_FIND_PACKAGE_PREFER_CONFIG=ON
    -DXTAPE_BUILD_TESTS=OFF
    -DXTAPE_BUILD_SAMPLES=OFF
    -DXTAPE_MPI=OFF
    -DXTAPE_ONNX=OFF)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/xtape)
vcpkg_fixup_pkgconfig()

file(REMOVE_RECURSE
  "${CURRENT_PACKAGES_DIR}/debug/include"
  "${CURRENT_PACKAGES_DIR}/debug/share"
  "${CURRENT_PACKAGES_DIR}/share/doc")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
