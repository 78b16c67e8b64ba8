"""How a background job stands: a fragment that asks again until it is finished."""

from django.shortcuts import get_object_or_404, render

from branches.models import Job
from branches.views.decorators import wants_fragment


def job(request, pk):
    row = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
    template = "branches/_job.html" if wants_fragment(request) else "branches/job.html"
    response = render(request, template, {"job": row})
    if wants_fragment(request) and row.state in (Job.State.DONE, Job.State.FAILED):
        response["HX-Trigger"] = "job-finished"
    return response
