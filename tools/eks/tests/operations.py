"""Says which calls of `aws`, a line each as SERVICE OPERATION --FLAG…, its list does not know."""

import sys

import botocore.session
from botocore import xform_name

session = botocore.session.Session()
for line in sys.stdin:
    service, operation, *flags = line.split()
    # `aws s3` is a program of its own.
    model = session.get_service_model({"s3api": "s3"}.get(service, service))
    names = {xform_name(name, "-"): name for name in model.operation_names}
    if operation not in names:
        print(f"{service} {operation}: no such operation")
        continue
    shape = model.operation_model(names[operation]).input_shape
    known = {f"--{xform_name(member, '-')}": member for member in (shape.members if shape else {})}
    wrong = [flag for flag in flags if flag not in known and flag != "--max-results"]
    if wrong:
        print(f"{service} {operation}: {' '.join(wrong)}")
