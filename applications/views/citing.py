"""Which file stands for which criteria: one by one, several at once, all criteria of one file."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from applications.models import Application, Citation, Evidence
from applications.services import evidence as services
from applications.views.scope import application_for, require, wants_json
from branches import keys
from branches.views.decorators import came_from, say_refusals
from standards.models import Criterion


def criterion_of(application: Application, pk: str | None) -> Criterion | None:
    """The criterion of this application's own rubric, or none."""
    leaves = application.track.rubric.leaves_for(application.branch.line) if pk else []
    return next((leaf for leaf in leaves if leaf.key == pk), None)


@require_POST
@say_refusals("applications:evidence", "pk")
def cite(request, pk):
    """Cite the chosen files under one criterion."""
    application = application_for(request, pk, "applications.edit")
    criterion = criterion_of(application, request.POST.get("criterion"))
    wanted = keys.numbers_in(request.POST.getlist("evidence"))
    files = list(Evidence.objects.visible_to(request.user).filter(pk__in=wanted, branch=application.branch))
    if criterion is None:
        raise ValidationError("请选择要引用到的指标。", code="not_found")
    if not files:
        raise ValidationError("没有找到所选的材料，请刷新页面后重新勾选。", code="not_found")
    for evidence in files:
        services.cite(application, criterion, evidence, by=request.user)
    number = f"{len(files)}份材料" if len(files) > 1 else ""
    return answer(request, f"已把{number}引用到“{criterion.title}”。", {"chips": chips(application, criterion)})


@require_POST
@say_refusals()
def uncite(request, pk):
    """Take a file off a criterion; gone already is fine."""
    scope = Application.objects.visible_to(request.user)
    citation = get_object_or_404(
        Citation.objects.select_related("application__branch", "criterion", "evidence"), pk=pk, application__in=scope
    )
    require(request, "applications.edit", citation.application)
    services.uncite(citation, by=request.user)
    return answer(request, "已取消引用，文件仍在材料库中。", {"chips": chips(citation.application, citation.criterion)})


@say_refusals()
def citations(request, pk, evidence_pk):
    """All criteria with a tick at those one file stands for."""
    application = application_for(request, pk, "applications.edit")
    files = Evidence.objects.filter(branch=application.branch).visible_to(request.user).select_related("branch")
    evidence = get_object_or_404(files, pk=evidence_pk)
    leaves = application.track.rubric.leaves_for(application.branch.line)
    if request.method == "POST":
        chosen = {leaf.pk for leaf in leaves if leaf.key in request.POST.getlist("criterion")}
        services.cite_under(application, evidence, [leaf for leaf in leaves if leaf.pk in chosen], by=request.user)
        messages.success(request, f"已保存：“{evidence}”引用到{len(chosen)}项指标。")
        return redirect("applications:evidence", application.pk)
    ticked = set(application.citations.filter(evidence=evidence).values_list("criterion", flat=True))
    asked = {leaf.pk for leaf in leaves}
    groups = [(top, [leaf for leaf in top.leaves if leaf.pk in asked]) for top in application.track.rubric.dimensions]
    context = {"application": application, "evidence": evidence, "groups": groups, "ticked": ticked}
    return render(request, "applications/citations.html", context)


def chips(application: Application, criterion: Criterion) -> list[dict]:
    """What is cited under the criterion now, as the page draws it."""
    cited = application.citations.filter(criterion=criterion).select_related("evidence")
    return [
        {
            "name": citation.evidence.name,
            "url": reverse("applications:evidence_view", args=[citation.evidence_id]),
            "uncite": reverse("applications:uncite", args=[citation.pk]),
        }
        for citation in cited
    ]


def answer(request, text: str, data: dict):
    if wants_json(request):
        return JsonResponse({"message": text, **data})
    messages.success(request, text)
    return redirect(came_from(request))
