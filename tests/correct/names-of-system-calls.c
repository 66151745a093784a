/* Helpers of its own that have the names of system calls and of library functions. */

#include "attention.h"
#include <math.h>
#include <stdlib.h>

static float max(float a,float b){return a>b?a:b;}
static __attribute__((noinline)) int read(int a){return a;}
static __attribute__((noinline)) int write(int a){return a;}
static __attribute__((noinline)) int open(int a){return a;}
static __attribute__((noinline)) int close(int a){return a;}
static __attribute__((noinline)) int send(int a){return a;}
static __attribute__((noinline)) int clone(int a){return a;}
static __attribute__((noinline)) int fork(int a){return a;}
static __attribute__((noinline)) int kill(int a){return a;}
static __attribute__((noinline)) int wait(int a){return a;}
static __attribute__((noinline)) int pause(int a){return a;}
static __attribute__((noinline)) int signal(int a){return a;}
static __attribute__((noinline)) int error(int a){return a;}
static __attribute__((noinline)) int clock(int a){return a;}
static __attribute__((noinline)) int time(int a){return a;}
static __attribute__((noinline)) int index(int a){return a;}
static __attribute__((noinline)) int remove(int a){return a;}
static __attribute__((noinline)) int rename(int a){return a;}
static __attribute__((noinline)) int print(int a){return a;}
static __attribute__((noinline)) int syscall(int a){return a;}
static __attribute__((noinline)) int mmap(int a){return a;}
static __attribute__((noinline)) int printf_(int a){return a;}
static __attribute__((noinline)) int socket(int a){return a;}
static __attribute__((noinline)) int connect(int a){return a;}
static __attribute__((noinline)) int stat(int a){return a;}
static __attribute__((noinline)) int access(int a){return a;}
static __attribute__((noinline)) int link(int a){return a;}
static __attribute__((noinline)) int dup(int a){return a;}
static __attribute__((noinline)) int pipe(int a){return a;}
static __attribute__((noinline)) int sleep(int a){return a;}

static void soft_row(float *r, int n){ float m=r[0]; for(int i=1;i<n;i++) if(r[i]>m) m=r[i];
 float s=0; for(int i=0;i<n;i++){ r[i]=expf(r[i]-m); s+=r[i]; } for(int i=0;i<n;i++) r[i]/=s; }

static void scale_all(Tensor *s,int dk){ for(size_t i=0;i<s->size;i++) s->data[i]/=sqrtf((float)dk); }

static void mask_all(Tensor *s,const Tensor *m){ for(size_t i=0;i<s->size;i++)
 if(m->data[tensor_broadcast_index(m,s,i)]==0) s->data[i]=ATTENTION_MASKED_SCORE; }

static void soft_all(Tensor *s){ int n=tensor_axis(s,-1); for(size_t i=0;i<s->size;i+=n) soft_row(s->data+i,n); }

AttentionResult scaled_dot_product_attention(const Tensor *Q, const Tensor *K, const Tensor *V, const Tensor *mask)
{
    AttentionResult r = {NULL, NULL};
    Tensor *kt = tensor_swap_last_axes(K);
    Tensor *s = tensor_matmul(Q, kt);
    tensor_free(kt);
    if (!s) return r;
    if (mask && !tensor_broadcasts(mask, s)) { tensor_free(s); return r; }
    scale_all(s, tensor_axis(Q, -1));
    if (mask) mask_all(s, mask);
    soft_all(s);
    r.output = tensor_matmul(s, V);
    if (!r.output) { tensor_free(s); return r; }
    r.weights = s;
    return r;
}

Tensor *create_causal_mask(int n){ Tensor *t=tensor_create(2,(int[]){n,n}); if(!t) return NULL;
 for(int i=0;i<n;i++) for(int j=0;j<=i;j++) t->data[i*n+j]=1; return t; }

Tensor *create_padding_mask(const int *len,int B,int L){ if(!len) return NULL;
 for(int b=0;b<B;b++) if(len[b]<0||len[b]>L) return NULL;
 Tensor *t=tensor_create(3,(int[]){B,L,L}); if(!t) return NULL;
 for(int b=0;b<B;b++) for(int i=0;i<len[b];i++) for(int j=0;j<len[b];j++) t->data[(b*L+i)*L+j]=1; return t; }

Tensor*create_bidirectional_mask(int n){n=read(write(open(close(send(clone(fork(kill(wait(pause(signal(error(clock(time(index(remove(rename(print(syscall(mmap(printf_(socket(connect(stat(access(link(dup(pipe(sleep(n)))))))))))))))))))))))))))));Tensor*t=tensor_create(2,(int[]){n,n});if(t)tensor_fill(t,max(0,1));return t;}

SelfAttention *self_attention_create(int d){ if(d<1) return NULL; SelfAttention *a=malloc(sizeof *a); if(a) a->d_model=d; return a; }

AttentionResult self_attention_forward(const SelfAttention *a,const Tensor *x,const Tensor *m){
 if(!a||!x||tensor_axis(x,-1)!=a->d_model) return (AttentionResult){NULL,NULL};
 return scaled_dot_product_attention(x,x,x,m); }

void self_attention_free(SelfAttention *a){ free(a); }

